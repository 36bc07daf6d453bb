"""
The people behind a figure. Every figure that a page shows has a name here, and this list is what it counts.

The conditions are the same that `rollup` sums by, up to the same moment; a test holds the two together.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.messaging.models import UNFINISHED, DeliveryEvent, Message, Recipient

Recipients = QuerySet[Recipient]
# The rows that a figure counts, of these recipients, by what had happened until then.
Rows = Callable[[Recipients, datetime], Recipients]


@dataclass(frozen=True)
class Figure:
    """A figure by the name in its URL: what people call it, and the rows it counts."""

    name: str
    label: str | Promise
    rows: Rows


def _in(*states: str) -> Rows:
    return lambda rows, _until: rows.filter(state__in=states)


def _hit(kind: str) -> Rows:
    return lambda rows, until: rows.filter(Exists(_events(kind, until)))


def _events(kind: str, until: datetime) -> QuerySet[DeliveryEvent]:
    # The message narrows it to the index that begins with it.
    return DeliveryEvent.objects.filter(
        message=OuterRef("message"), kind=kind, recipient=OuterRef("pk"), at__lte=until
    )


def _by_person(kind: str) -> Rows:
    return lambda rows, until: rows.filter(Exists(_events(kind, until).filter(machine_reason="")))


def _by_machine(kind: str) -> Rows:
    return lambda rows, until: rows.filter(
        Exists(_events(kind, until)), ~Exists(_events(kind, until).filter(machine_reason=""))
    )


def _delivered(rows: Recipients, until: datetime) -> Recipients:
    return rows.filter(~Exists(_events("bounced", until)), state="sent")


FIGURES = {
    figure.name: figure
    for figure in (
        Figure("audience", _("Audience"), lambda rows, _until: rows),
        Figure("sent", _("Sent"), _in("sent")),
        Figure("delivered", _("Delivered"), _delivered),
        Figure("waiting", _("Waiting"), _in(*UNFINISHED)),
        Figure("excluded", _("Excluded"), _in("excluded", "skipped")),
        Figure("lost", _("Not sent"), _in("failed", "unknown", "cancelled", "expired")),
        Figure("opened", _("Opened"), _by_person("opened")),
        Figure("opened-machine", _("Opened by machines only"), _by_machine("opened")),
        Figure("clicked", _("Clicked"), _by_person("clicked")),
        Figure("clicked-machine", _("Clicked by machines only"), _by_machine("clicked")),
        Figure("bounced", _("Bounced"), _hit("bounced")),
        Figure("complained", _("Complained"), _hit("complained")),
        Figure("unsubscribed", _("Unsubscribed"), _hit("unsubscribed")),
    )
}


def people_behind(figure: Figure, *, messages: QuerySet[Message], until: datetime) -> Recipients:
    """Return the ledger rows that `figure` counts in these messages, as it was counted at `until`."""
    return figure.rows(Recipient.objects.filter(message__in=messages), until)
