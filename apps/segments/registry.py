"""
What higher apps add to segments, from `AppConfig.ready`.

`kinds`: conditions on what only they know: messages, scores, stages. `uses`: what needs a segment or list, so
that it is not deleted from under them. `acts`: what they do with the people of a segment.
"""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils.functional import Promise

from apps.accounts.models import User
from apps.contacts.registries import ListAct
from apps.core.registry import Registry


@dataclass(frozen=True)
class Select:
    """A SELECT of one column, ids of contacts, with its parameters. Values are never written into `text`."""

    text: str
    params: Sequence[Any]


@dataclass(frozen=True)
class Clock:
    """
    When a rule is asked, and of whom.

    `among`: only these contacts matter; a SELECT adds `AND contact_id = ANY(%s)` to read only their rows. As
    a panel they are few of very many: each is looked up, where a table grows with everybody.
    """

    now: datetime
    among: tuple[int, ...] | None = None
    is_panel: bool = False

    @cached_property
    def among_text(self) -> str:
        """The same, for `= ANY(%s::bigint[])`: written once, where a list is written for each condition."""
        return "{" + ",".join(map(str, self.among or ())) + "}"


class ConditionFault(Exception):
    """What `parse` of a kind raises: the field that is wrong, '' for the whole, and the sentence."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass(frozen=True)
class Input:
    """One field of a condition in the builder. `choices` empty: free text."""

    name: str
    label: str | Promise
    choices: Sequence[tuple[str, str]] = ()
    is_optional: bool = False


@dataclass(frozen=True)
class Following:
    """
    How members follow conditions of a kind, where triggers on the app's tables note changes of what it reads.

    `topics`: what is noted that a condition depends on (see `rules.needs`); the triggers need note nothing
    while no `Segment.watches` has the kind. `window`: the `Duration` up to now that it looks back on, if any.
    `edges`: whose rows lie between two moments. `is_whole`: time moves people in ways that these do not tell.
    """

    topics: Callable[[Any], Collection[str]]
    window: Callable[[Any], Hashable]
    edges: Callable[[Any, datetime, datetime], Select]
    is_whole: Callable[[Any], bool]


@dataclass(frozen=True)
class ConditionKind:
    """
    A kind of condition, told by its `key`: `{"message": …, "did": …}` is of the kind "message".

    `fields` are all keys it may have; the parser refuses others. `parse` gets the raw JSON object and returns
    what `contacts` and `sentence` read, or raises `ConditionFault`. `contacts` says who it holds for.
    `inputs` are, for each row of the builder whose texts it gets, one field for each of `fields`: a choice
    that is made already is among those offered. Without `following`, everybody is asked every few
    minutes.
    """

    key: str
    label: str | Promise
    fields: Sequence[str]
    schema: Mapping[str, object]
    parse: Callable[[Mapping[str, object]], Hashable]
    contacts: Callable[[Any, Clock], Select]
    sentence: Callable[[Any], str]
    inputs: Callable[[Sequence[Mapping[str, str]]], Sequence[Sequence[Input]]]
    following: Following | None = None


kinds: Registry[ConditionKind] = Registry()


def kind_following(key: str) -> Following | None:
    """Return how members follow conditions of this kind; None: everybody is asked on a schedule."""
    return next(kind.following for kind in kinds if kind.key == key)


# What needs them: (ids of segments, reader) -> uses by id, each with a label and a URL. What the reader may
# not see is told without its name or a URL: it still keeps the segment. The same for lists.
Use = tuple[str, str]
Uses = Callable[[Collection[int], User | None], Mapping[int, Sequence[Use]]]
uses: Registry[Uses] = Registry()
list_uses: Registry[Uses] = Registry()

# Opened with `?segment=ID`.
acts: Registry[ListAct] = Registry()
