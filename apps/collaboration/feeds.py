"""
Whose acts stand in the feed of everything: each app registers its things from `AppConfig.ready`.

    seen = seen_with("segments.segment", "segments.view_segment")
    feeds.register("segments.segment", Feed(_("Segments"), seen, names_of(Segment), "segments:detail"))

An act is in it if it was done to such a thing, or to a part of it (`within`).
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from django.db.models import Model, Q
from django.utils.functional import Promise

from apps.accounts.models import User
from apps.core.registry import Registry


@dataclass(frozen=True)
class Feed:
    """
    One kind of thing. `seen_by` narrows the log to what this person may see of it; None: nothing at all.

    `names` says in one query what things are called now; `url_name` is that of a page with the thing's `pk`.
    """

    label: str | Promise
    seen_by: Callable[[User], Q | None]
    names: Callable[[Collection[int]], Mapping[int, str]]
    url_name: str


feeds: Registry[Feed] = Registry()


def acts_on(label: str) -> Q:
    """Return the acts on all things of a kind, and on their parts."""
    return Q(subject__startswith=f"{label}:") | Q(within__startswith=f"{label}:")


def acts_on_these(label: str, pks: Collection[int]) -> Q:
    keys = [f"{label}:{pk}" for pk in pks]
    return Q(subject__in=keys) | Q(within__in=keys)


def seen_with(label: str, permission: str) -> Callable[[User], Q | None]:
    """Show all things of a kind to whoever has the permission, where it does not depend on the thing."""
    return lambda user: acts_on(label) if user.has_perm(permission) else None


def names_of(model: type[Model], field: str = "name") -> Callable[[Collection[int]], Mapping[int, str]]:
    return lambda pks: dict(model._default_manager.filter(pk__in=pks).values_list("pk", field))
