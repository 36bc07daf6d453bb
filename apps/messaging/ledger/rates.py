"""
The limits of senders and of domains, kept across all workers.

How many may still leave is asked twice. Before a claim it is only read, so that nobody takes what could not
leave anyhow. With the point of no return it is decided: the tallies of the rules are held until the commit,
so that two workers cannot both take the last place. A message without a limit has nothing to do with any of
it.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from apps.messaging import rates, sql
from apps.messaging.limits import Rates, rates_read
from apps.messaging.rates import Rate, Rule

SWEEP_SIZE = 20_000


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
    WHERE r.id = one.id AND r.lease_token = %(token)s AND (r.state = 'leased') IS TRUE
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
