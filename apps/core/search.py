"""What the search box answers: what the apps find, what one may begin, and where one may go."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core.context import open_rooms
from apps.core.navigation import Action, Room, actions, searches

PER_SOURCE = 5
SHORTEST = 2


@dataclass(frozen=True)
class Hit:
    label: str
    kind: str
    url: str
    icon: str = "arrow-narrow-right"


@dataclass(frozen=True)
class Results:
    """What was found, in three kinds; without a text, what one may begin and where one may go."""

    text: str
    hits: list[Hit]
    actions: list[Hit]
    rooms: list[Hit]

    def __bool__(self) -> bool:
        return bool(self.hits or self.actions or self.rooms)

    @property
    def groups(self) -> list[tuple[str, str, list[Hit]]]:
        """The kinds that have any: a key, what stands above them, and they."""
        kinds = [
            ("hits", _("Found"), self.hits),
            ("actions", _("Begin"), self.actions),
            ("rooms", _("Go to"), self.rooms),
        ]
        return [kind for kind in kinds if kind[2]]


def search(user: Any, text: str) -> Results:
    """Find rooms and actions by a part of their name, and things from two letters on."""
    text = text.strip()
    hits: list[Hit] = []
    if len(text) >= SHORTEST:
        for source in searches:
            hits += [Hit(*hit) for hit in source(user, text)[:PER_SOURCE]]
    open_actions = [action for action in actions if user.has_perm(action.permission)]
    return Results(
        text=text,
        hits=hits,
        actions=_named(open_actions, text),
        rooms=_named(open_rooms(user), text),
    )


def _named(places: Iterable[Room | Action], text: str) -> list[Hit]:
    """Return those whose label has this text in it."""
    return [
        Hit(str(place.label), "", reverse(place.url_name), place.icon)
        for place in places
        if text.casefold() in str(place.label).casefold()
    ]
