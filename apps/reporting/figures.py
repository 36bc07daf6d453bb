"""
The people behind a figure. Every figure that a page shows has a name here, and this list is what it counts.

The conditions are the same that `rollup` sums by, up to the same moment; a test holds the two together.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.messaging.models import UNFINISHED, DeliveryEvent, Message, Recipient

# Rows of the ledger, or what people did: of each person the first time, with their row.
People = QuerySet[Any]
ANYBODY, NOBODY = Q(), Q(pk__in=[])
PERSON, MACHINE = Q(machine_reason=""), ~Q(machine_reason="")
# The rows that a figure counts in messages (their ids), by what had happened until then.
Rows = Callable[[Sequence[int], datetime], People]


@dataclass(frozen=True)
class Figure:
    """
    A figure by the name in its URL: what people call it, the rows it counts, and how those are listed.

    `ordering` and `tie` are those of an index which begins with the message, so that a page costs the same in
    a ledger of millions, and before its statistics are made.
    """

    name: str
    label: str | Promise
    rows: Rows
    ordering: Sequence[str] = ("message_id", "state")
    tie: str = "pk"


def _in(*states: str) -> Rows:
    return lambda messages, _until: _ledger(messages).filter(state__in=states)


def _delivered(messages: Sequence[int], until: datetime) -> People:
    bounced = _events("bounced", until).filter(message=OuterRef("message"), recipient=OuterRef("pk"))
    return _ledger(messages).filter(~Exists(bounced), state="sent")


def _ledger(messages: Sequence[int]) -> People:
    return Recipient.objects.filter(message__in=messages).select_related("message", "contact")


def _events(kind: str, until: datetime) -> QuerySet[DeliveryEvent]:
    return DeliveryEvent.objects.filter(kind=kind, at__lte=until)


def _hit(name: str, label: str | Promise, kind: str, *, by: Q = ANYBODY, unless: Q = NOBODY) -> Figure:
    """Count who did it by these hits, unless one of those is theirs; listed by the first."""

    def rows(messages: Sequence[int], until: datetime) -> People:
        hits = _events(kind, until)
        own = hits.filter(message=OuterRef("message"), recipient=OuterRef("recipient"))
        before = Q(at__lt=OuterRef("at")) | Q(at=OuterRef("at"), pk__lt=OuterRef("pk"))
        firsts = hits.filter(by, ~Exists(own.filter(by, before)), ~Exists(own.filter(unless)))
        return firsts.filter(message__in=messages).select_related("recipient__message", "recipient__contact")

    return Figure(name, label, rows, ordering=("message_id", "kind"), tie="recipient_id")


FIGURES = {
    figure.name: figure
    for figure in (
        Figure("audience", _("Audience"), lambda messages, _until: _ledger(messages)),
        Figure("sent", _("Sent"), _in("sent")),
        Figure("delivered", _("Delivered"), _delivered),
        Figure("waiting", _("Waiting"), _in(*UNFINISHED)),
        Figure("excluded", _("Excluded"), _in("excluded", "skipped")),
        Figure("lost", _("Not sent"), _in("failed", "unknown", "cancelled", "expired")),
        _hit("opened", _("Opened"), "opened", by=PERSON),
        _hit("opened-machine", _("Opened by machines only"), "opened", by=MACHINE, unless=PERSON),
        _hit("clicked", _("Clicked"), "clicked", by=PERSON),
        _hit("clicked-machine", _("Clicked by machines only"), "clicked", by=MACHINE, unless=PERSON),
        _hit("bounced", _("Bounced"), "bounced"),
        _hit("complained", _("Complained"), "complained"),
        _hit("unsubscribed", _("Unsubscribed"), "unsubscribed"),
    )
}


def people_behind(figure: Figure, *, messages: QuerySet[Message], until: datetime) -> People:
    """Return the rows that `figure` counts in these messages, one per person, as counted at `until`."""
    return figure.rows(list(messages.values_list("pk", flat=True)), until)


@dataclass(frozen=True)
class Behind:
    """Somebody behind a figure: their row of the ledger, and when it happened, or is due."""

    recipient: Recipient
    at: datetime

    @classmethod
    def of(cls, row: Recipient | DeliveryEvent) -> "Behind":
        if isinstance(row, DeliveryEvent):
            return cls(row.recipient, row.at)
        return cls(row, row.finished_at or row.due_at)
