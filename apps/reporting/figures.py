"""
The people behind a figure. Every figure that a page shows has a name here, and this list is what it counts.

The conditions are the same that `rollup` sums by; a test holds the two together.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.messaging.models import DeliveryEvent, Message, Recipient
from apps.reporting.models import Conversion

Recipients = QuerySet[Recipient]


@dataclass(frozen=True)
class Figure:
    """A figure by the name in its URL: what people call it, and the rows it counts."""

    name: str
    label: str | Promise
    rows: Callable[[Recipients], Recipients]


def _in(*states: str) -> Callable[[Recipients], Recipients]:
    return lambda rows: rows.filter(state__in=states)


def _hit(kind: str) -> Callable[[Recipients], Recipients]:
    return lambda rows: rows.filter(Exists(_events(kind)))


def _events(kind: str) -> QuerySet[DeliveryEvent]:
    # The message narrows it to the index that begins with it.
    return DeliveryEvent.objects.filter(message=OuterRef("message"), kind=kind, recipient=OuterRef("pk"))


def _by_person(kind: str) -> Callable[[Recipients], Recipients]:
    return lambda rows: rows.filter(Exists(_events(kind).filter(machine_reason="")))


def _by_machine(kind: str) -> Callable[[Recipients], Recipients]:
    return lambda rows: rows.filter(Exists(_events(kind)), ~Exists(_events(kind).filter(machine_reason="")))


def _delivered(rows: Recipients) -> Recipients:
    return rows.filter(~Exists(_events("bounced")), state="sent")


FIGURES = {
    figure.name: figure
    for figure in (
        Figure("audience", _("Audience"), lambda rows: rows),
        Figure("sent", _("Sent"), _in("sent")),
        Figure("delivered", _("Delivered"), _delivered),
        Figure("waiting", _("Waiting"), _in("planned", "queued", "leased", "sending")),
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


def people_behind(figure: Figure, *, messages: QuerySet[Message]) -> Recipients:
    """Return the ledger rows that `figure` counts in these messages."""
    return figure.rows(Recipient.objects.filter(message__in=messages))


def people_converted(*, messages: QuerySet[Message], measure: str, only: Q, is_holdout: bool) -> Recipients:
    """Return the ledger rows of one arm whose people did what `measure` counts; `only` narrows the events."""
    arm = Q(reason="holdout") if is_holdout else Q(state="sent")
    done = Conversion.objects.filter(
        only, message=OuterRef("message"), measure=measure, contact=OuterRef("contact"), is_holdout=is_holdout
    )
    return Recipient.objects.filter(arm, Exists(done), message__in=messages)
