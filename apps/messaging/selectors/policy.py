"""The rules that hold for every message, and what a copy of the database knows, as people read them."""

from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, Max

from apps.contacts import selectors as contacts
from apps.messaging.models import UNFINISHED, FrequencyCap, Message, Recipient


def caps_described(*, topic: str | None = None) -> list[tuple[FrequencyCap, str]]:
    """Return the caps with a sentence each; with `topic` only those in force for an e-mail on it."""
    found = list(FrequencyCap.objects.all())
    if topic is not None:
        found = [cap for cap in found if cap.is_active and cap.fits(topic=topic)]
    names = contacts.topic_names() if any(cap.topic for cap in found) else {}
    return [(cap, cap.sentence(names.get(cap.topic, cap.topic))) for cap in found]


class Due(NamedTuple):
    """A message with people whose hour has come."""

    pk: int
    name: str
    campaign: str
    people: int


class Known(NamedTuple):
    """What a copy knows of what its original was sending."""

    due: list[Due]  # most people first
    last_sent: datetime | None  # when the last mail of those messages left, as far as the copy knows

    @property
    def people(self) -> int:
        return sum(one.people for one in self.due)


def copy_known(*, now: datetime) -> Known:
    """Return the open messages that an original may have gone on sending. Reads the rows of those, once."""
    alive = Message.objects.open().filter(state__in=[Message.State.RUNNING, Message.State.PAUSED])
    rows = Recipient.objects.filter(message__in=list(alive.values_list("pk", flat=True))).order_by()
    due = (
        rows.filter(state__in=UNFINISHED, due_at__lte=now)
        .values_list("message", "message__name", "message__campaign__name")
        .annotate(people=Count("pk"))
        .order_by("-people", "message")
    )
    sent = rows.filter(state=Recipient.State.SENT).aggregate(last=Max("finished_at"))
    return Known([Due(*one) for one in due], sent["last"])
