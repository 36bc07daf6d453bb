"""
What the search box answers: what can be done with the thing that is open, what one had open lately, what the
apps find, what one may begin, and where one may go.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Model
from django.db.models.functions import JSONObject
from django.urls import Resolver404, resolve, reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from apps.core.context import open_rooms
from apps.core.navigation import Action, Found, Room, actions, doings, searches

PER_SOURCE = 5
LONGEST = 100  # letters of what a thing is called: some are called by a whole text
SHORTEST = 2
RECENT = 6


@dataclass(frozen=True)
class Hit:
    label: str
    kind: str
    url: str
    icon: str = "arrow-narrow-right"


@dataclass(frozen=True)
class Results:
    """What was found, by kind, the best first; `recents` only without a text."""

    text: str
    hits: list[Hit]
    actions: list[Hit]
    rooms: list[Hit]
    doings: list[Hit] = field(default_factory=list)
    recents: list[Hit] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.groups)

    @property
    def groups(self) -> list[tuple[str, str, list[Hit]]]:
        """The kinds that have any: a key, what stands above them, and they."""
        kinds = [
            ("doings", _("With this"), self.doings),
            ("recents", _("Lately"), self.recents),
            ("hits", _("Found"), self.hits),
            ("actions", _("Begin"), self.actions),
            ("rooms", _("Go to"), self.rooms),
        ]
        return [kind for kind in kinds if kind[2]]


def search(user: Any, text: str, *, here: str = "", recent: Sequence[str] = ()) -> Results:
    """
    Find rooms and actions by a part of their name, and things from two letters on.

    `here` is the path of the page that is open, `recent` those of pages that were: what is no thing of this
    person's, or is none any more, is left out.
    """
    text = text.strip().replace("\x00", "")
    hits = _hits(user, text) if len(text) >= SHORTEST else []
    open_actions = [action for action in actions if user.has_perm(action.permission)]
    return Results(
        text=text,
        hits=sorted(hits, key=lambda hit: _rank(hit.label, text)),
        actions=_named(open_actions, text),
        rooms=_named(open_rooms(user), text),
        doings=_doings(user, here, text),
        recents=_recents(user, here, recent) if not text else [],
    )


def _hits(user: Any, text: str) -> list[Hit]:
    """Ask every app for the first few things. One query; its row is the person, a column is an app's list."""
    asked = [found for source in searches if (found := source(user, text)) is not None]
    if not asked:
        return []
    people: Any = get_user_model()._default_manager
    lists = people.filter(pk=user.pk).values_list(*(ArraySubquery(_first(found)) for found in asked)).get()
    return [
        Hit(
            Truncator(hit["label"] or found.nameless).chars(LONGEST),
            found.kind,
            reverse(found.url_name, args=[hit["key"]]),
        )
        for found, hits in zip(asked, lists, strict=True)
        for hit in hits
    ]


def _first(found: Found) -> Any:
    label = F(found.label) if isinstance(found.label, str) else found.label
    return found.things.values(hit=JSONObject(label=label, key=F(found.key)))[:PER_SOURCE]


def thing_at(user: Any, path: str) -> Model | None:
    """Return the thing whose page this path is, if this person may see it."""
    try:
        match = resolve(path)
    except Resolver404:
        return None
    model, permission = getattr(match.func, "model", None), getattr(match.func, "permission", "")
    if model is None or "pk" not in match.kwargs:
        return None
    thing: Model | None = model._default_manager.filter(pk=match.kwargs["pk"]).first()
    return thing if thing is not None and user.has_perm(permission, thing) else None


def _doings(user: Any, here: str, text: str) -> list[Hit]:
    thing = thing_at(user, here) if here else None
    if thing is None:
        return []
    offered = [Hit(label, "", url, icon) for ask in doings for label, url, icon in ask(user, thing)]
    return [hit for hit in offered if text.casefold() in hit.label.casefold()]


def _recents(user: Any, here: str, recent: Sequence[str]) -> list[Hit]:
    found = []
    for path in [path for path in dict.fromkeys(recent) if path and not here.startswith(path)][:RECENT]:
        if thing := thing_at(user, path):
            kind = str(thing._meta.verbose_name or "").capitalize()
            found.append(Hit(str(thing), kind, path, "history"))
    return found


def _rank(label: str, text: str) -> int:
    """Return how well a name fits: 0 it is the text, 1 it begins so, 2 one of its words does, 3 it has it."""
    label, text = label.casefold(), text.casefold()
    if label == text:
        return 0
    if label.startswith(text):
        return 1
    return 2 if any(word.startswith(text) for word in label.split()) else 3


def _named(places: Iterable[Room | Action], text: str) -> list[Hit]:
    """Return those whose label has this text in it."""
    return [
        Hit(str(place.label), "", reverse(place.url_name), place.icon)
        for place in places
        if text.casefold() in str(place.label).casefold()
    ]
