"""
Where a message stands, for pages that ask for it every two seconds.

Counted at the moment, but for the ledgers of the largest, of which a worker counts everything every few
seconds: a page then shows what held at that moment, and says when it was.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Self

from apps.contacts.models import Exclusion
from apps.messaging.models import DeliveryEvent, LedgerTally, Message, Recipient
from apps.messaging.selectors.delays import (
    Cause,
    Delay,
    delays_kept,
    delays_read,
    message_delays,
    waited_for,
)
from apps.messaging.selectors.figures import (
    ErrorGroup,
    Ledger,
    Reaction,
    error_groups,
    message_errors,
    message_failures,
    message_ledger,
    message_reactions,
)
from apps.messaging.selectors.rates import message_brakes

State = Recipient.State


@dataclass(frozen=True)
class Standing:
    """`tally` is what was counted before; None: everything is counted when it is asked for."""

    message: Message
    tally: LedgerTally | None

    @classmethod
    def of(cls, message: Message) -> Self:
        return cls(message, LedgerTally.objects.filter(message=message).first())

    @property
    def counted_at(self) -> datetime | None:
        return self.tally.counted_at if self.tally else None

    @cached_property
    def ledger(self) -> Ledger:
        return ledger_read(self.tally.facts["ledger"]) if self.tally else message_ledger(self.message)

    @cached_property
    def errors(self) -> list[ErrorGroup]:
        return error_groups(self.tally.facts["errors"]) if self.tally else message_errors(self.message)

    @cached_property
    def failures(self) -> list[ErrorGroup]:
        if self.tally is None:
            return message_failures(self.message)
        return [ErrorGroup(State(state), "", *rest) for state, *rest in self.tally.facts["failures"]]

    def delays_now(self, *, now: datetime) -> list[Delay]:
        """Leave out those whose hour has just come: the next sweep puts them in line."""
        return [one for one in self.delays if one.cause != Cause.HOUR or one.latest > now]

    @cached_property
    def delays(self) -> list[Delay]:
        return delays_read(self.tally.facts.get("waits", [])) if self.tally else message_delays(self.message)

    @cached_property
    def reactions(self) -> list[Reaction]:
        if self.tally is None:
            return message_reactions(self.message)
        return [Reaction(DeliveryEvent.Kind(kind), *rest) for kind, *rest in self.tally.facts["reactions"]]


def standing_count(message: Message) -> dict[str, Any]:
    """Count everything that a page shows of a message, as it is kept."""
    return {
        "ledger": asdict(message_ledger(message)),
        "errors": [
            [group.state, group.answer, group.is_retryable, group.count, *_ends(group)]
            for group in message_errors(message)
        ],
        "failures": [[group.state, group.is_retryable, group.count] for group in message_failures(message)],
        "waits": delays_kept(message_delays(message)),
        "reactions": [[one.kind, one.people, one.machine_hits] for one in message_reactions(message)],
    }


def _ends(group: ErrorGroup) -> tuple[int, int]:
    return group.samples[0].pk, group.samples[-1].pk


def ledger_read(facts: dict[str, Any]) -> Ledger:
    return Ledger(
        states={state: facts["states"].get(state, 0) for state in State},
        excluded={reason: facts["excluded"].get(reason, 0) for reason in Exclusion},
        retryable=facts["retryable"],
    )


@dataclass(frozen=True)
class DelayTold:
    """As a `Delay`, of any cause; None: nobody can say until when."""

    cause: Cause
    people: int
    until: datetime | None
    latest: datetime | None
    detail: str


def delays_told(standing: Standing, *, sees_people: bool, now: datetime) -> list[DelayTold]:
    """
    Return who of a running message is put off, until when and why: by whoever and whatever holds them.

    What mail servers say quotes addresses: it is told to whom `sees_people` alone.
    """
    message = standing.message
    if not message.is_running:
        return []
    told = [
        DelayTold(one.cause, one.people, one.until, one.latest, one.answer if sees_people else "")
        for one in standing.delays_now(now=now)
    ]
    if provider := waited_for(message, now=now):
        until = provider.waits_until
        told.append(DelayTold(Cause.PROVIDER, standing.ledger.in_line, until, None, provider.name))
    brakes = message_brakes(message, unfinished=standing.ledger.unfinished, now=now)
    return told + [
        DelayTold(Cause.RATE_LIMIT, one.people, one.opens_at, one.done_at, one.sentence)
        for one in brakes
        if one.holds
    ]
