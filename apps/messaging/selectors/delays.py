"""Who has asked a message to come back later, and until when: a provider, or single mail servers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min

from apps.messaging.models import Message, Provider, Recipient

ANSWERS = 5  # the most frequent are told


@dataclass(frozen=True)
class Delay:
    """
    So many people of whom a mail server said `answer`: not now.

    The first of them are tried again at `until`, the last at `latest`.
    """

    answer: str
    people: int
    until: datetime
    latest: datetime


def message_delays(message: Message) -> list[Delay]:
    """Return what servers said to those who are tried again by themselves, the most frequent first."""
    put_off = message.recipients.order_by().filter(state=Recipient.State.PLANNED, attempts__gt=0)
    rows = put_off.exclude(answer="").values_list("answer")
    groups = rows.annotate(people=Count("pk"), until=Min("due_at"), latest=Max("due_at"))
    return [Delay(*group) for group in groups.order_by("-people", "answer")[:ANSWERS]]


def delays_kept(delays: Iterable[Delay]) -> list[list[Any]]:
    """Return them as JSON has them; `delays_read` reads it."""
    return [[one.answer, one.people, one.until.isoformat(), one.latest.isoformat()] for one in delays]


def delays_read(facts: Iterable[Sequence[Any]]) -> list[Delay]:
    return [Delay(answer, people, *map(datetime.fromisoformat, times)) for answer, people, *times in facts]


def waited_for(message: Message, *, now: datetime) -> Provider | None:
    """Return the provider that carries a message, if it has asked to hear nothing for now."""
    provider = message.carrier
    return provider if provider and provider.waits_until and provider.waits_until > now else None
