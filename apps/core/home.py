"""What stands on the home page: each app registers its panels; a role sees those that have a say."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Exists, QuerySet

from apps.core.registry import Registry


@dataclass(frozen=True)
class Panel:
    """
    One panel: `content(user, now)` returns the template's context, or None when there is nothing to say.

    The template is a whole `<section class="card">`. `roles` (values of User.Role; empty: everyone) says for
    whom, and a wide panel takes both columns.
    """

    template: str
    content: Callable[[Any, datetime], dict[str, Any] | None]
    permission: str
    roles: frozenset[str] = frozenset()
    order: int = 100
    is_wide: bool = False


@dataclass(frozen=True)
class Step:
    """One step of setting up, shown on an installation where there is nothing yet of `makes()`."""

    label: Any
    help: Any
    url_name: str
    permission: str
    makes: Callable[[], "QuerySet[Any]"]
    icon: str = "circle-dashed"
    order: int = 100


@dataclass(frozen=True)
class ShownPanel:
    template: str
    context: dict[str, Any]
    is_wide: bool


@dataclass(frozen=True)
class ShownStep:
    """`is_next`: the first that is not done, which is the one to take."""

    step: Step
    is_done: bool
    is_next: bool = False


panels: Registry[Panel] = Registry()
steps: Registry[Step] = Registry()


def panels_for(user: Any, now: datetime) -> list[ShownPanel]:
    """Return what this person's home shows, in order; empty panels are left out."""
    shown = []
    for panel in sorted(panels, key=lambda panel: panel.order):
        if (not panel.roles or user.role in panel.roles) and user.has_perm(panel.permission):
            context = panel.content(user, now)
            if context is not None:
                shown.append(ShownPanel(panel.template, context, panel.is_wide))
    return shown


def steps_for(user: Any) -> list[ShownStep]:
    """Return the steps of setting up that this person may take; empty once every one is done."""
    mine = sorted((step for step in steps if user.has_perm(step.permission)), key=lambda step: step.order)
    shown = [ShownStep(step, is_done) for step, is_done in zip(mine, _are_done(user, mine), strict=True)]
    following = next((index for index, one in enumerate(shown) if not one.is_done), None)
    if following is None:
        return []
    shown[following] = replace(shown[following], is_next=True)
    return shown


def _are_done(user: Any, asked: Sequence[Step]) -> Sequence[bool]:
    """Ask of each step whether there is something of what it makes. One query; its row is the person."""
    if not asked:
        return []
    people: Any = get_user_model()._default_manager
    made = [Exists(step.makes().order_by()) for step in asked]
    found: Sequence[bool] = people.filter(pk=user.pk).values_list(*made).get()
    return found
