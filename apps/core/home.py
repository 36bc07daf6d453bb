"""What stands on the home page: each app registers its panels; a role sees those that have a say."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

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
    """
    One step of setting up, shown on an installation where it is not done yet.

    `is_done()` costs one cheap query (`exists`).
    """

    label: Any
    help: Any
    url_name: str
    permission: str
    is_done: Callable[[], bool]
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
    shown = [ShownStep(step, step.is_done()) for step in mine]
    following = next((index for index, one in enumerate(shown) if not one.is_done), None)
    if following is None:
        return []
    shown[following] = replace(shown[following], is_next=True)
    return shown
