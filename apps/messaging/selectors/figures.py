"""Where a message's recipients are, how fast it goes, and what the server and the readers say."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min

from apps.contacts.models import Exclusion
from apps.messaging import sql
from apps.messaging.models import HELD, UNFINISHED, DeliveryEvent, Message, Recipient, RecipientQuerySet
from apps.messaging.selectors.delays import message_hour

State = Recipient.State
LEFT_OUT = [State.EXCLUDED, State.SKIPPED]
# The rate is that of the last minute; of so many rows at most, which is enough to tell.
RATE_TIME = timedelta(minutes=1)
RATE_ROWS = 5000


@dataclass(frozen=True)
class Ledger:
    """
    How many recipients are where: `states` by state, and `excluded` by reason, be it at launch or later.

    The states always sum to the audience.
    """

    states: dict[Recipient.State, int]
    excluded: dict[Exclusion, int]
    retryable: int

    @property
    def audience(self) -> int:
        return sum(self.states.values())

    @property
    def unfinished(self) -> int:
        return sum(count for state, count in self.states.items() if state in UNFINISHED)

    @property
    def in_line(self) -> int:
        """Of the unfinished those who do not wait for the winner of an experiment."""
        return self.unfinished - self.states[State.AWAITING]

    @property
    def in_hand(self) -> int:
        """Whom a worker has: they move on by themselves, also of a message that is paused."""
        return sum(self.states[State(state)] for state in HELD)

    @property
    def left_out(self) -> int:
        return sum(self.states[state] for state in LEFT_OUT)

    @property
    def to_send(self) -> int:
        """The part of the audience that was meant to get it, whatever became of it."""
        return self.audience - self.left_out

    @property
    def done(self) -> int:
        return self.to_send - self.unfinished

    @property
    def sent(self) -> int:
        return self.states[State.SENT]

    @property
    def unknown(self) -> int:
        return self.states[State.UNKNOWN]

    @property
    def has_not_begun(self) -> bool:
        """Test if everybody who is to get it still waits, as at the launch."""
        waiting = [State.PLANNED, State.QUEUED, State.EXCLUDED]
        return self.audience == sum(self.states[state] for state in waiting)

    @property
    def lines(self) -> list[tuple[Recipient.State, int]]:
        """The states that there are, in the order of a row's life."""
        return [(state, count) for state, count in self.states.items() if count]

    @property
    def reasons(self) -> list[tuple[Exclusion, int]]:
        return [(reason, count) for reason, count in self.excluded.items() if count]


def message_ledger(message: Message) -> Ledger:
    """Count the recipients, in three queries at most; the one that sees all of them reads only the index."""
    rows = message.recipients.order_by()
    by_state = dict(rows.values_list("state").annotate(Count("pk")))
    left_out = rows.filter(state__in=LEFT_OUT).values_list("reason")
    by_reason = dict(left_out.annotate(Count("pk"))) if any(map(by_state.get, LEFT_OUT)) else {}
    failed = rows.filter(state=State.FAILED, is_retryable=True)
    return Ledger(
        states={state: by_state.get(state, 0) for state in State},
        excluded={reason: by_reason.get(reason, 0) for reason in Exclusion},
        retryable=failed.count() if by_state.get(State.FAILED) else 0,
    )


@dataclass(frozen=True)
class Pace:
    """
    How fast a message goes, by the last minute, of which a pause is no part; nothing is guessed where
    nothing moves.

    `until_begin`: for so many seconds nothing leaves, because the launch may still be undone.
    """

    per_minute: int
    elapsed: timedelta
    left: timedelta | None
    until_begin: int = 0


def message_pace(
    message: Message, ledger: Ledger, *, now: datetime, held_until: datetime | None = None
) -> Pace:
    """Tell how fast it goes. `held_until`: when the last one may go; nothing is done before."""
    elapsed = (message.finished_at or now) - (message_hour(message) or now)
    since = max(now - RATE_TIME, message.resumed_at or now - RATE_TIME)
    [(count, first)] = sql.rows(
        """
        SELECT count(*), min(finished_at) FROM (
            SELECT finished_at FROM messaging_recipient
            WHERE message_id = %(message)s AND state = 'sent' ORDER BY id DESC LIMIT %(rows)s
        ) AS last WHERE finished_at > %(since)s
        """,
        {"message": message.pk, "rows": RATE_ROWS, "since": since},
    )
    until = min(filter(None, [held_until, message.not_after])) if held_until else now
    held = until - now if until > now and message.is_running else None
    if not count or not message.is_running:
        return Pace(0, max(elapsed, timedelta()), held, until_begin=_until_begin(message, now=now))
    seconds = max((now - first).total_seconds(), 1.0)
    per_second = count / seconds
    left = timedelta(seconds=round(ledger.in_line / per_second)) if ledger.in_line else None
    if left is not None and held is not None:
        left = max(left, held)
    return Pace(per_minute=round(per_second * 60), elapsed=elapsed, left=left)


def _until_begin(message: Message, *, now: datetime) -> int:
    if not message.is_running or message.undo_until is None:
        return 0
    return max(0, math.ceil((message.undo_until - now).total_seconds()))


@dataclass(frozen=True)
class ErrorGroup:
    """
    Recipients whom the server told the same, with one or two of them; without `answer`, all who ended in the
    same way.
    """

    state: Recipient.State
    answer: str
    is_retryable: bool
    count: int
    samples: Sequence[Recipient] = ()


def message_errors(message: Message, *, limit: int = 20) -> list[ErrorGroup]:
    """Return what went wrong, by what the server said, the most frequent first."""
    rows = _troubled(message).values_list("state", "answer", "is_retryable").annotate(count=Count("pk"))
    # The first and the last: an aggregate that keeps no list, however many there are.
    return error_groups(
        list(rows.annotate(first=Min("pk"), last=Max("pk")).order_by("-count", "answer")[:limit])
    )


def error_groups(groups: Sequence[Sequence[Any]]) -> list[ErrorGroup]:
    """Return groups of state, answer, whether it may pass, count, first and last row, with those two rows."""
    samples = Recipient.objects.in_bulk({pk for *_group, first, last in groups for pk in (first, last)})
    return [
        ErrorGroup(State(state), answer, is_retryable, count, [samples[pk] for pk in sorted({first, last})])
        for state, answer, is_retryable, count, first, last in groups
    ]


def message_failures(message: Message) -> list[ErrorGroup]:
    """Return how many failed for good, for now, or nobody knows how: for those who may not see people."""
    rows = _troubled(message).values_list("state", "is_retryable").annotate(count=Count("pk"))
    return [
        ErrorGroup(State(state), "", is_retryable, count)
        for state, is_retryable, count in rows.order_by("-count", "state")
    ]


def _troubled(message: Message) -> RecipientQuerySet:
    return message.recipients.order_by().filter(state__in=[State.FAILED, State.UNKNOWN])


@dataclass(frozen=True)
class Reaction:
    """People who did something with the mail, and hits that machines made; never mixed."""

    kind: DeliveryEvent.Kind
    people: int
    machine_hits: int


def message_reactions(message: Message) -> list[Reaction]:
    """Count who opened, clicked and left: people once each, machines apart."""
    found = sql.rows(
        """
        SELECT kind, count(DISTINCT recipient_id) FILTER (WHERE machine_reason = ''),
            count(*) FILTER (WHERE machine_reason <> '')
        FROM messaging_deliveryevent WHERE message_id = %(message)s GROUP BY kind
        """,
        {"message": message.pk},
    )
    by_kind = {kind: (people, hits) for kind, people, hits in found}
    return [Reaction(kind, *by_kind.get(kind, (0, 0))) for kind in DeliveryEvent.Kind]
