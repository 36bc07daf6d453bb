"""What stands on the home page: each app registers its panels; a role sees those that have a say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from django.contrib.auth import get_user_model
from django.db.models import Exists, QuerySet

from apps.core.registry import Registry

T = TypeVar("T")


@dataclass(frozen=True)
class Look:
    """One person looking at their home at one moment, with what several of its panels read."""

    user: Any
    now: datetime
    _known: dict[Any, Any] = field(default_factory=dict)

    def once(self, read: "Callable[[Look], T]") -> T:
        """Return what `read` returns, asked once for all the panels of this look."""
        if read not in self._known:
            self._known[read] = read(self)
        known: T = self._known[read]
        return known

    def fact(self, name: Any) -> Any:
        """Return what a panel asks by this name, or if a step is done; all is asked in one statement."""
        return self.once(_facts_read)[name]


@dataclass(frozen=True)
class Panel:
    """
    One panel: `content(look)` returns the template's context, or None when there is nothing to say.

    `facts(user, now)` are expressions over the person's row, which `content` reads as `look.fact(name)`. The
    template is a whole `<section class="card">`. `roles` (values of User.Role; empty: everyone) says for
    whom, and a wide panel takes both columns.
    """

    template: str
    content: Callable[[Look], dict[str, Any] | None]
    permission: str
    roles: frozenset[str] = frozenset()
    order: int = 100
    is_wide: bool = False
    facts: Callable[[Any, datetime], Mapping[str, Any]] | None = None


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


def panels_for(look: Look) -> list[ShownPanel]:
    """Return what this person's home shows, in order; empty panels are left out."""
    shown = []
    for panel in _panels_of(look.user):
        context = panel.content(look)
        if context is not None:
            shown.append(ShownPanel(panel.template, context, panel.is_wide))
    return shown


def steps_for(look: Look) -> list[ShownStep]:
    """Return the steps of setting up that this person may take; empty once every one is done."""
    shown = [ShownStep(step, look.fact(step)) for step in _steps_of(look.user)]
    following = next((index for index, one in enumerate(shown) if not one.is_done), None)
    if following is None:
        return []
    shown[following] = replace(shown[following], is_next=True)
    return shown


def _panels_of(user: Any) -> list[Panel]:
    mine = (panel for panel in panels if not panel.roles or user.role in panel.roles)
    return sorted((panel for panel in mine if user.has_perm(panel.permission)), key=lambda one: one.order)


def _steps_of(user: Any) -> list[Step]:
    return sorted((step for step in steps if user.has_perm(step.permission)), key=lambda one: one.order)


def _facts_read(look: Look) -> dict[Any, Any]:
    """Ask what the panels and the steps want to know. One query; its row is the person."""
    user = look.user
    asked: dict[Any, Any] = {step: Exists(step.makes().order_by()) for step in _steps_of(user)}
    for panel in _panels_of(user):
        if panel.facts is not None:
            asked |= panel.facts(user, look.now)
    if not asked:
        return {}
    people: Any = get_user_model()._default_manager
    found = people.filter(pk=user.pk).values_list(*asked.values()).get()
    return dict(zip(asked, found, strict=True))
