"""The left rail and the search box: each app registers from `AppConfig.ready`; closed rooms are not shown."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.core.registry import Registry


@dataclass(frozen=True)
class Room:
    """One entry of the rail. `permission` is asked without an object; `group` is one of `GROUPS`."""

    label: str | Promise
    url_name: str
    icon: str
    group: str
    permission: str
    order: int = 100


# In the order of the rail; home stands on top, without a heading.
GROUPS: dict[str, str | Promise] = {
    "home": "",
    "plan": _("Plan"),
    "audience": _("Audience"),
    "build": _("Build"),
    "automate": _("Automate"),
    "measure": _("Measure"),
    "data": _("Data"),
    "settings": _("Settings"),
}
rooms: Registry[Room] = Registry()


@dataclass(frozen=True)
class Action:
    """Something to begin from anywhere, offered by Ctrl-K: “New campaign”."""

    label: str | Promise
    url_name: str
    icon: str
    permission: str


actions: Registry[Action] = Registry()


@dataclass(frozen=True)
class Found:
    """
    What one app finds for a text: `things` in their order, of which the first few are shown.

    `label` is the field, or the expression, that a thing is called by (`nameless` where that is empty), and
    `key` the one that its page's address takes.
    """

    kind: str
    things: QuerySet[Any]
    url_name: str
    label: Any = "name"
    key: str = "pk"
    nameless: str = ""


# What the search box asks: (user, text) -> what is found; None: nothing that this person may see. It is asked
# of all apps in one statement, so a source reads nothing itself.
searches: Registry[Callable[..., Found | None]] = Registry()

# What can be done with the thing that is open: (user, thing) -> each a label, a URL and an icon.
Doing = tuple[str, str, str]
doings: Registry[Callable[..., list[Doing]]] = Registry()
