"""
The limits of senders and of domains, kept across all workers.

How many may still leave is asked twice. Before a claim it is only read, so that nobody takes what could not
leave anyhow. With the point of no return it is decided: the tallies of the rules are held until the commit,
so that two workers cannot both take the last place. A message without a limit has nothing to do with any of
it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

import idna
import orjson

from apps.messaging import rates, sql
from apps.messaging.models import RateLimit
from apps.messaging.rates import Ramp, Rate, Rule

SWEEP_SIZE = 20_000


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
            for spelt in _spellings(rule.domain):
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


def _spellings(domain: str) -> set[str]:
    if not domain:
        return set()
    try:
        return {domain, idna.decode(domain)}
    except idna.IDNAError:
        return {domain}


# The tallies are held in the order of their keys. The time that has passed since the caller read the clock,
# above all while waiting for them, counts: what leaves late must not count as if it had left early.
_HOLD = """
    SELECT key, used, extract(epoch FROM clock_timestamp() - transaction_timestamp())::float
    FROM messaging_ratetally WHERE key = ANY(%(keys)s::text[]) ORDER BY key FOR NO KEY UPDATE
"""
_KEEP = "UPDATE messaging_ratetally SET used = %(used)s::jsonb WHERE key = %(key)s"
_MAKE = """
    INSERT INTO messaging_ratetally (key, used) SELECT unnest(%(keys)s::text[]), '[]'::jsonb
    ON CONFLICT (key) DO NOTHING
"""


class Places:
    """
    The places that some mails of one message may take under its rules: asked, taken, and written down.

    Made within the transaction of the point of no return, whose end lets the tallies go.
    """

    def __init__(self, cursor: Any, rules: Mapping[str, Rule], *, now: datetime) -> None:
        self._cursor, self._rules = cursor, rules
        keys = sql.text_array(sorted(self._rules))
        cursor.execute(_MAKE, {"keys": keys})
        cursor.execute(_HOLD, {"keys": keys})
        held = cursor.fetchall()
        self._used: dict[str, rates.Used] = {key: orjson.loads(used) for key, used, _waited in held}
        self._at = now.timestamp() + max((waited for _key, _used, waited in held), default=0.0)
        self._room = {key: rates.room(rule, self._used[key], self._at) for key, rule in self._rules.items()}

    def take(self, rules: Sequence[Rule]) -> Rule | None:
        """Take a place under each of these; return the one that has none left, and then nothing is taken."""
        for rule in rules:
            if self._room[rule.key] == 0:
                return rule
        for rule in rules:
            left = self._room[rule.key]
            self._room[rule.key] = None if left is None else left - 1
        return None

    def keep(self, counts: Mapping[str, int]) -> None:
        """Write down how many really go, by the key of the rule."""
        for key, count in counts.items():
            if count:
                used = rates.taken(self._rules[key], self._used[key], self._at, count)
                self._cursor.execute(_KEEP, {"key": key, "used": orjson.dumps(used).decode()})


# Rows that were claimed and find no place. Of a sender's limit they stay in line: claims pass them over until
# there is room. Of a domain's they step aside, for the next in line may be for another domain.
_STEP_BACK = """
    UPDATE messaging_recipient AS r SET
        state = CASE WHEN one.aside IS NULL THEN 'queued' ELSE 'planned' END,
        waits_for_id = one.aside, lease_token = NULL, leased_until = NULL
    FROM unnest(%(ids)s::bigint[], %(limits)s::bigint[]) AS one (id, aside)
    WHERE r.id = one.id AND r.lease_token = %(token)s AND r.state = 'leased'
"""
_NOTE = """
    INSERT INTO messaging_rulenote (recipient_id, contact_id, rule, at, facts)
    SELECT one.recipient, one.contact, 'rate', %(now)s::timestamptz, jsonb_build_object(
        'most', l.most, 'per', l.per, 'domain', l.domain
    )
    FROM unnest(%(ids)s::bigint[], %(contacts)s::bigint[], %(limits)s::bigint[])
        AS one (recipient, contact, aside)
    JOIN messaging_ratelimit AS l ON l.id = one.aside
"""


def step_back(cursor: Any, held: Mapping[int, Rule], *, token: UUID) -> None:
    """Put claimed rows, by the rule that has no place for them, where they do not stand in the way."""
    limits = [str(limit_of(rule) or "NULL") for rule in held.values()]
    cursor.execute(_STEP_BACK, {"ids": sql.array(held), "limits": sql.array(limits), "token": token})


def limit_of(rule: Rule) -> int | None:
    """Return the limit that rows are put aside for, if the rule is of their domain."""
    return rule.pk if isinstance(rule, Rate) and rule.domain else None


def note(cursor: Any, aside: Sequence[tuple[int, int, int]], *, now: datetime) -> None:
    """Write down who was put aside: recipient, contact and limit."""
    ids, contacts, limits = zip(*aside, strict=True)
    told = {"ids": sql.array(ids), "contacts": sql.array(contacts), "limits": sql.array(limits)}
    cursor.execute(_NOTE, {**told, "now": now})


# The smallest first, one index probe for each: there are as many as limits of domains, however many wait.
_ASIDE = """
    WITH RECURSIVE aside AS (
        (SELECT waits_for_id FROM messaging_recipient
         WHERE state = 'planned' AND waits_for_id IS NOT NULL ORDER BY waits_for_id LIMIT 1)
        UNION ALL
        SELECT (
            SELECT r.waits_for_id FROM messaging_recipient AS r
            WHERE r.state = 'planned' AND r.waits_for_id > aside.waits_for_id ORDER BY r.waits_for_id LIMIT 1
        ) FROM aside WHERE aside.waits_for_id IS NOT NULL
    )
    SELECT waits_for_id FROM aside WHERE waits_for_id IS NOT NULL
"""
_COME_FORWARD = """
    WITH waiting AS (
        SELECT m.id, greatest(1, %(room)s / count(*) OVER ()) AS share FROM messaging_message AS m
        WHERE m.state = 'running' AND m.finished_at IS NULL AND EXISTS (
            SELECT FROM messaging_recipient AS r
            WHERE r.waits_for_id = %(limit)s AND r.message_id = m.id AND r.state = 'planned'
        )
    ), next AS MATERIALIZED (
        SELECT one.id FROM waiting CROSS JOIN LATERAL (
            SELECT r.id FROM messaging_recipient AS r
            WHERE r.waits_for_id = %(limit)s AND r.message_id = waiting.id AND r.state = 'planned'
            ORDER BY r.id LIMIT waiting.share FOR NO KEY UPDATE SKIP LOCKED
        ) AS one LIMIT %(room)s
    )
    UPDATE messaging_recipient AS r SET state = 'queued', waits_for_id = NULL
    FROM next WHERE r.id = next.id
"""


def aside() -> list[int]:
    """Return the limits that somebody was put aside for, those that are gone by now among them."""
    return [limit for (limit,) in sql.rows(_ASIDE, {})]


def come_forward(*, now: datetime) -> int:
    """
    Put as many back in line as the limits that they wait for have room for; all where there is none any more.

    Return how many. It costs one look at an index that is empty while nobody waits.
    """
    limits = aside()
    found = rates_read() if limits else Rates()
    rules = {rule.pk: rule for rule in found.rules if rule.domain}
    count = 0
    for limit in limits:
        room = found.room([rules[limit]], at=now) if limit in rules else SWEEP_SIZE
        if room:
            count += sql.run(_COME_FORWARD, {"limit": limit, "room": min(room, SWEEP_SIZE)})
    return count


def opens_at(*, now: datetime) -> datetime | None:
    """Return when more of what now waits for a limit may leave; None if nothing waits for any."""
    found = rates_read()
    if not found:
        return None
    full = [sender for sender, room in found.rooms_of_senders(at=now).items() if room == 0]
    waiting = sql.rows(_WAITING, {"senders": sql.array(full)}) if full else []
    groups: list[list[Rule]] = [found.of_senders[sender] for (sender,) in waiting]
    limits = aside() if found.of_domains else []
    groups += [[rule] for rule in found.rules if rule.domain and rule.pk in limits]
    moments = [found.opens_at(rules, at=now) for rules in groups]
    first = min((moment for moment in moments if moment > now.timestamp()), default=None)
    return datetime.fromtimestamp(first, UTC) if first is not None else None


_WAITING = """
    SELECT DISTINCT m.sender_id FROM messaging_message AS m
    WHERE m.sender_id = ANY(%(senders)s::bigint[]) AND m.state = 'running' AND m.finished_at IS NULL
    AND EXISTS (
        SELECT FROM messaging_recipient AS r WHERE r.message_id = m.id AND r.state = 'queued'
    )
"""

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
