"""Where templates are used, and who writes them for it: the rooms above say so from `AppConfig.ready`."""

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.db.models import Model

from apps.accounts.models import User
from apps.core.registry import Registry


@dataclass(frozen=True)
class TemplateUse:
    """
    One thing that uses a template. `keeps_it`: it runs, so the template cannot be put away now.

    `will_send` is what would send the next words of the template, and `permission` what it takes to change
    that; None where the words are fixed.
    """

    template_id: int
    label: str
    kind: str
    url: str
    keeps_it: bool
    is_visible: bool  # to the one who asks; of the others that person learns only how many there are
    will_send: Model | None = None
    permission: str = ""


@dataclass(frozen=True)
class Uses:
    """What uses one template: `shown` by name, and how many more the one who asks may not know."""

    shown: list[TemplateUse]
    others: int

    def __len__(self) -> int:
        return len(self.shown) + self.others


# Who writes content beside those whose role says so.
writers: Registry[Callable[[User], bool]] = Registry()


# Each answers for many templates at once, to one person, in a fixed number of queries.
template_uses: Registry[Callable[[Collection[int], User], list[TemplateUse]]] = Registry()


def uses_of(template_ids: Collection[int], *, user: User) -> dict[int, Uses]:
    """Return the uses of each of these templates as this person may know them; what keeps it comes first."""
    found: dict[int, list[TemplateUse]] = defaultdict(list)
    for source in template_uses:
        for use in source(template_ids, user):
            found[use.template_id].append(use)
    return {pk: _told(found[pk]) for pk in template_ids}


def keepers_of(template_id: int, *, user: User) -> Uses:
    """Return what runs with this template, so that it cannot be put away now."""
    found = [use for source in template_uses for use in source([template_id], user)]
    return _told([use for use in found if use.keeps_it])


def uses_of_others(template_id: int, *, user: User) -> Uses:
    """Return what would send the next words of this template, and is not the user's to change."""
    found = [use for source in template_uses for use in source([template_id], user)]
    return _told([use for use in found if use.will_send and not user.has_perm(use.permission, use.will_send)])


def _told(uses: list[TemplateUse]) -> Uses:
    shown = [use for use in uses if use.is_visible]
    in_order = sorted(shown, key=lambda use: (not use.keeps_it, use.label))
    return Uses(shown=in_order, others=len(uses) - len(shown))
