"""
What higher floors tell the contacts room. They register from `AppConfig.ready`; this room never learns who.

    registries.attribute_uses.register("segments", uses_of_attribute)
    registries.panels.register(
        "messages", Panel(_("Messages"), "messaging:contact-panel", "messaging.view_message", 30)
    )
    registries.timeline.register("messages", timeline_of_contact)
    registries.moves.register("segments", Move(_("Segments"), "segments_segmentmember", key="segment_id"))
    registries.feeds.register("source", Feed(_("Source"), "in", "integrations.view_source", things, last))
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.db.models import Expression, Subquery
from django.utils.functional import Promise

from apps.accounts.models import User
from apps.contacts.models import Contact
from apps.contacts.moves import Move
from apps.contacts.personal import Holding
from apps.core.registry import Registry

Text = str | Promise


@dataclass(frozen=True)
class Use:
    """
    One place where an attribute is used: what it is (“Segment”), what it is called, where it is.

    Who lacks `permission`, if there is one, is told neither name nor address.
    """

    kind: Text
    label: str
    url: str = ""
    permission: str = ""

    def __str__(self) -> str:
        return f"{self.kind} “{self.label}”" if self.label else str(self.kind)


# System name of the attribute -> where it is used, in one query however many there are. Those of contacts and
# those of companies have names of their own.
attribute_uses: Registry[Callable[[str], list[Use]]] = Registry()
company_attribute_uses: Registry[Callable[[str], list[Use]]] = Registry()
# Key of the topic, and who reads (None: it only has to be known) -> where it is used, in the same way.
topic_uses: Registry[Callable[[str, User | None], list[Use]]] = Registry()
# Name of the event, and who reads, likewise.
event_uses: Registry[Callable[[str, User | None], list[Use]]] = Registry()


@dataclass(frozen=True)
class Panel:
    """
    A part of the profile page that a higher floor shows. `url_name` takes the contact's `pk`, and answers a
    fragment; who lacks `permission` never asks for it.
    """

    label: Text
    url_name: str
    permission: str
    order: int = 100


panels: Registry[Panel] = Registry()


@dataclass(frozen=True)
class ListAct:
    """What a higher floor does with the contacts that the list shows: opened with the list's own query."""

    label: Text
    icon: str
    url_name: str
    permission: str


list_acts: Registry[ListAct] = Registry()
# The same with what a scan of quality has found: `url_name` takes the rule's `key`, the query its detail.
finding_acts: Registry[ListAct] = Registry()

# The namespace of the user ids, in which one person has one name; “” before somebody has chosen it.
user_spaces: Registry[Callable[[], str]] = Registry()


@dataclass(frozen=True)
class TimelineEntry:
    """Something that a contact did, or that happened to it; fields as in `components/timeline.html`."""

    at: datetime
    text: str
    kind: str = ""  # for programs: "event", "consent", "message"…
    icon: str = "circle-dot"
    tone: str = "neutral"
    detail: str = ""
    url: str = ""
    by: object = None


# (contact, before, limit) -> what happened before that moment, newest first, at most `limit`. What happened
# at one moment comes in the same order however many are asked for: a page may begin within it.
timeline: Registry[Callable[[Contact, datetime, int], list[TimelineEntry]]] = Registry()


@dataclass(frozen=True)
class Counted:
    """
    A figure that single events have gone into: those that an import brought stay then, though it is undone.
    `is_there` is SQL for whether event `e` has.
    """

    label: Text
    is_there: str


counted: Registry[Counted] = Registry()

# One for each table with a `contact_id`: what becomes of its rows when two contacts are merged. They are
# moved in the order of registration.
moves: Registry[Move] = Registry()

# By the name of the table: what it holds about a person. They are erased in the order of registration.
holdings: Registry[Holding] = Registry()


@dataclass(frozen=True)
class FeedThing:
    """One thing through which data passes, as people read it; `note` says what is wrong with it."""

    label: str
    url: str = ""
    note: str = ""


@dataclass(frozen=True)
class Feed:
    """
    A kind of thing through which data passes between Bookend and another system, `in` or `out`.

    `things` returns those of the numbers that are there, or for None those that a system can be linked to,
    at most `OFFERED`. `last(now)` is an expression, of rows that have an `object_id`: when data last passed;
    without it Bookend cannot see that. Who lacks `permission` is told neither names nor addresses.
    """

    OFFERED: ClassVar = 200

    label: Text
    direction: str
    permission: str
    things: Callable[[Collection[int] | None], Mapping[int, FeedThing]]
    last: Callable[[datetime], Expression | Subquery] | None = None


# By the name that `SystemLink.kind` has.
feeds: Registry[Feed] = Registry()
