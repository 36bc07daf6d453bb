from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from apps.core.navigation import GROUPS, Room, rooms

ROOM_PATH = "bookend.room_path"


@dataclass(frozen=True)
class RailRoom:
    """A room as the rail shows it. `key`: what to press after “g” to go there; empty when all are taken."""

    label: str | Promise
    icon: str
    url: str
    is_current: bool
    key: str


@dataclass(frozen=True)
class RailGroup:
    key: str
    heading: str | Promise
    rooms: list[RailRoom]


def shell(request: HttpRequest) -> dict[str, Any]:
    """Give every page the rail: the rooms that this person may enter, by group, in order."""
    context: dict[str, Any] = {"environment": environment()}
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        context["rail"] = rail(open_rooms(user), request.META.get(ROOM_PATH, request.path))
    return context


def room_set(request: HttpRequest, path: str) -> None:
    """Show this page as one below `path`: whoever came from there goes back there, whatever its address."""
    request.META[ROOM_PATH] = path


def environment() -> str:
    """Return why this installation is not the one that writes to customers; empty where it is."""
    if not settings.SENDING_ENABLED:
        return _("Nothing is sent")
    if settings.MAILBOX_DIR:
        return _("Mail is caught here")
    return _("Development") if settings.DEBUG else ""


def open_rooms(user: Any) -> list[Room]:
    """Return the rooms that this person may enter, in the order of the rail."""
    groups = list(GROUPS)
    mine = [room for room in rooms if user.has_perm(room.permission)]
    return sorted(mine, key=lambda room: (groups.index(room.group), room.order))


def rail(members: list[Room], path: str) -> list[RailGroup]:
    """Return the groups that have a room; current is the room whose address begins this path, longest one."""
    urls = {room: reverse(room.url_name) for room in members}
    within = [url for url in urls.values() if path == url or (url != "/" and path.startswith(url))]
    current = max(within, key=len, default=None)
    keys = _keys(members)
    groups = []
    for key, heading in GROUPS.items():
        inside = [
            RailRoom(room.label, room.icon, urls[room], urls[room] == current, keys[room])
            for room in members
            if room.group == key
        ]
        if inside:
            groups.append(RailGroup(key=key, heading=heading, rooms=inside))
    return groups


def _keys(members: list[Room]) -> dict[Room, str]:
    """Give each room the first letter of its name that no room before it has."""
    keys: dict[Room, str] = {}
    for room in members:
        letters = (letter for letter in str(room.label).casefold() if letter.isalpha())
        keys[room] = next((letter for letter in letters if letter not in keys.values()), "")
    return keys
