"""How a draft's people spread over mailbox providers, and which of those make the sending take longer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from apps.messaging.audience import DOMAINS_TOLD
from apps.messaging.limits import spellings
from apps.messaging.models import RateLimit
from apps.messaging.selectors.rates import FOREVER, Brake, limits_forecast


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
