"""The limits and warm-ups in force, and what counts against each: read in one query."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

import idna
import orjson

from apps.messaging import rates, sql
from apps.messaging.models import RateLimit
from apps.messaging.rates import Ramp, Rate, Rule


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()


@dataclass(frozen=True)
class Rates:
    """The rules in force, and what counted against each when they were read."""

    rules: tuple[Rule, ...] = ()
    used: Mapping[str, rates.Used] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.rules)

    @cached_property
    def of_senders(self) -> dict[int, list[Rule]]:
        found = defaultdict(list)
        for rule in self.rules:
            if rule.sender is not None:
                found[rule.sender].append(rule)
        return dict(found)

    @cached_property
    def of_domains(self) -> dict[str, list[Rule]]:
        """The rules by domain, as addresses may spell it."""
        found = defaultdict(list)
        for rule in self.rules:
            for spelt in spellings(rule.domain):
                found[spelt].append(rule)
        return dict(found)

    def of(self, *, sender: int, address: str) -> list[Rule]:
        """Return the rules that one mail is under."""
        domain = self.of_domains.get(domain_of(address), []) if self.of_domains else []
        return [*self.of_senders.get(sender, []), *domain]

    def room(self, rules: Sequence[Rule], *, at: datetime) -> int | None:
        """Return how many more may leave under all of these; None if none of them says anything."""
        rooms = [rates.room(rule, self.used.get(rule.key, ()), at.timestamp()) for rule in rules]
        return min((one for one in rooms if one is not None), default=None)

    def rooms_of_domains(self, *, at: datetime) -> list[tuple[str, int, int]]:
        """Return each domain, the limit of it that has the least room, and how much that is."""
        return [
            (
                domain,
                *min(((rule.pk, self.room([rule], at=at) or 0) for rule in rules), key=lambda one: one[1]),
            )
            for domain, rules in self.of_domains.items()
        ]

    def rooms_of_senders(self, *, at: datetime) -> dict[int, int]:
        rooms = {sender: self.room(rules, at=at) for sender, rules in self.of_senders.items()}
        return {sender: left for sender, left in rooms.items() if left is not None}

    def opens_at(self, rules: Sequence[Rule], *, at: datetime) -> float:
        """Return from when on one more may leave under all of these."""
        now = at.timestamp()
        return max((rates.opens_at(rule, self.used.get(rule.key, ()), now) for rule in rules), default=now)


def spellings(domain: str) -> set[str]:
    """Return a domain as addresses may write it: as DNS has it, and in its own letters."""
    if not domain:
        return set()
    try:
        return {domain, idna.decode(domain)}
    except idna.IDNAError:
        return {domain}


# Part of the one statement that reads all rules, see `gate`.
LIMITS = """
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'pk', l.id, 'most', l.most, 'per', l.per, 'sender', l.sender_id, 'domain', l.domain,
        'used', coalesce(t.used, '[]')
    )), '[]')
    FROM messaging_ratelimit AS l LEFT JOIN messaging_ratetally AS t ON t.key = 'limit:' || l.id
    WHERE l.is_active
"""
RAMPS = """
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'pk', w.id, 'sender', w.sender_id, 'starts_on', w.starts_on, 'ceilings', w.ceilings,
        'zone', w.timezone, 'used', coalesce(t.used, '[]')
    )), '[]')
    FROM messaging_warmup AS w LEFT JOIN messaging_ratetally AS t ON t.key = 'warmup:' || w.id
    WHERE w.is_active
    -- Over, it costs nobody anything; a day more, for it is the day of a zone.
    AND w.starts_on + jsonb_array_length(w.ceilings) + 1 >= current_date
"""


def rates_read() -> Rates:
    [(limits, ramps)] = sql.rows(f"SELECT ({LIMITS}), ({RAMPS})", {})
    return rates_from(limits, ramps)


def rates_from(limits: str, ramps: str) -> Rates:
    """Make the rules out of what the database says of them."""
    used: dict[str, rates.Used] = {}
    rules: list[Rule] = []
    for facts in orjson.loads(limits):
        seconds = RateLimit.SECONDS[RateLimit.Per(facts["per"])]
        rate = Rate(facts["pk"], facts["most"], seconds, sender=facts["sender"], domain=facts["domain"])
        rules.append(rate)
        used[rate.key] = facts["used"]
    for facts in orjson.loads(ramps):
        first, ceilings = date.fromisoformat(facts["starts_on"]), tuple(facts["ceilings"])
        ramp = Ramp(facts["pk"], facts["sender"], first, ceilings, facts["zone"])
        rules.append(ramp)
        used[ramp.key] = facts["used"]
    return Rates(tuple(rules), used)
