"""How a draft's people spread over mailbox providers, and which of those make the sending take longer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from apps.contacts.models import ContactQuerySet
from apps.messaging.audience import DOMAINS_TOLD, Choice, Promise, promise_by_domain, promise_of
from apps.messaging.limits import spellings
from apps.messaging.models import Message, RateLimit
from apps.messaging.selectors.rates import FOREVER, Brake, domain_limits, limits_forecast, message_forecast


@dataclass(frozen=True)
class DomainReached:
    """So many people at one domain, and the limit that makes theirs take longest, if one does."""

    domain: str
    count: int
    brake: Brake | None


@dataclass(frozen=True)
class DomainsReached:
    """
    The largest domains and all that a limit makes wait, by size; `others` people are at none of them.

    `slowest` is whatever ends last, limits of the sender included; None: nothing holds anybody back.
    """

    shown: list[DomainReached]
    others: int
    slowest: Brake | None


@dataclass(frozen=True)
class Reach:
    """What a launch now would do: to how many, held back by what of the sender, and at which domains."""

    promise: Promise
    brakes: list[Brake]
    domains: DomainsReached


def draft_reach(message: Message, choice: Choice, people: ContactQuerySet, *, now: datetime) -> Reach:
    """Return what a launch now of this choice would do; `people` is its `audience`."""
    begins = max(now, message.scheduled_at or now)
    limits = [] if message.is_text else domain_limits()
    domains: dict[str, int] = {}
    if message.is_text:
        promise = promise_of(choice, people, now=now)
    else:
        named = {one for limit in limits for one in spellings(limit.domain)}
        promise, domains = promise_by_domain(choice, people, now=now, named=named)
    brakes = message_forecast(message, count=promise.recipients, at=begins)
    reached = domains_reached(domains, limits, recipients=promise.recipients, brakes=brakes, at=begins)
    return Reach(promise, brakes, reached)


def domains_reached(
    domains: Mapping[str, int], limits: list[RateLimit], *, recipients: int, brakes: list[Brake], at: datetime
) -> DomainsReached:
    """Return how so many people by domain fare under `limits`, and `brakes` of the sender, from `at` on."""
    counts = {limit: sum(domains.get(one, 0) for one in spellings(limit.domain)) for limit in limits}
    told = limits_forecast({limit: count for limit, count in counts.items() if count}, at=at)
    slow: dict[str, Brake] = {}
    for limit, brake in sorted(told, key=lambda one: _end(one[1], at)):
        slow |= dict.fromkeys(spellings(limit.domain) & domains.keys(), brake)
    by_size = sorted(domains.items(), key=lambda one: (-one[1], one[0]))
    shown = [
        DomainReached(domain, count, slow.get(domain))
        for place, (domain, count) in enumerate(by_size)
        if place < DOMAINS_TOLD or domain in slow
    ]
    return DomainsReached(
        shown=shown,
        others=recipients - sum(one.count for one in shown),
        slowest=max([*brakes, *slow.values()], key=lambda brake: _end(brake, at), default=None),
    )


def _end(brake: Brake, at: datetime) -> datetime:
    return brake.done_at or at + FOREVER
