"""Who waits, for what, and until when: mail servers, providers, the end of quiet hours, their own hour."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import Case, Count, F, Max, Min, Q, TextField, Value, When

from apps.messaging.models import Message, Provider, Recipient

CAUSES = 7  # the most frequent answers of mail servers are told, beside quiet hours and the hour


class Cause(StrEnum):
    """What somebody waits for; the values are those of the API."""

    MAIL_SERVER = "mail_server"
    PROVIDER = "provider"
    RATE_LIMIT = "rate_limit"
    QUIET_HOURS = "quiet_hours"
    HOUR = "hour"


@dataclass(frozen=True)
class Delay:
    """
    So many people who wait for one thing: the first of them until `until`, the last until `latest`.

    `answer`: what a mail server said to them, if that is the cause.
    """

    cause: Cause
    answer: str
    people: int
    until: datetime
    latest: datetime


def message_delays(message: Message) -> list[Delay]:
    """
    Return for what those wait who are neither in line nor put aside for a limit, the most frequent first.

    Nothing but quiet hours puts anybody off beyond a message's hour. Where each person has an hour of their
    own, those are not told apart: `recipient_waits` does, for one person.
    """
    was_told = Q(attempts__gt=0) & ~Q(answer="")
    causes = [When(was_told, then=Value(Cause.MAIL_SERVER.value))]
    if message.local_at is None and (hour := message_hour(message)):
        causes.append(When(due_at__gt=hour, then=Value(Cause.QUIET_HOURS.value)))
    rows = message.recipients.order_by().filter(state=Recipient.State.PLANNED, waits_for=None)
    told = rows.annotate(
        cause=Case(*causes, default=Value(Cause.HOUR.value), output_field=TextField()),
        told=Case(When(was_told, then=F("answer")), default=Value(""), output_field=TextField()),
    )
    groups = told.values_list("cause", "told").annotate(
        people=Count("pk"), until=Min("due_at"), latest=Max("due_at")
    )
    found = groups.order_by("-people", "cause", "told")[:CAUSES]
    return [Delay(Cause(cause), *facts) for cause, *facts in found]


def message_hour(message: Message) -> datetime | None:
    """Return from when on a message leaves, quiet hours aside; None: it has not been launched."""
    hours = [message.launched_at, message.scheduled_at, message.undo_until]
    return max(filter(None, hours), default=None)


def delays_kept(delays: Iterable[Delay]) -> list[list[Any]]:
    """Return them as JSON has them; `delays_read` reads it."""
    return [
        [one.cause, one.answer, one.people, one.until.isoformat(), one.latest.isoformat()] for one in delays
    ]


def delays_read(facts: Iterable[Sequence[Any]]) -> list[Delay]:
    return [
        Delay(Cause(cause), answer, people, *map(datetime.fromisoformat, times))
        for cause, answer, people, *times in facts
    ]


def waited_for(message: Message, *, now: datetime) -> Provider | None:
    """Return the provider that carries a message, if it has asked to hear nothing for now."""
    provider = message.carrier
    return provider if provider and provider.waits_until and provider.waits_until > now else None
