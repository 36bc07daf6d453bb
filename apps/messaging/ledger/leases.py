"""
The life of a row in a worker's hands: claimed, begun, settled; or taken back.

Rows go into statements as arrays, whose length the planner sees: of rows in a JSON text it expects a hundred,
and reads the whole ledger for them. They are looked up by their id: at the last ANALYZE hardly a row was in
anybody's hands, so a plain condition on the state sends the planner through the index of states, and all its
dead entries, for each batch. IS TRUE, and LIMIT instead of EXISTS, leave it no such choice.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction

from apps.contacts.models import Channel, Contact
from apps.contacts.models.contact import ADDRESS_FIELDS, channel_exclusion
from apps.core import prepared
from apps.core.overlap import pipeline
from apps.messaging import sql
from apps.messaging.delivery.outcome import Outcome
from apps.messaging.ledger import caps, rates
from apps.messaging.ledger.gate import Gate, Steps, gate_read
from apps.messaging.ledger.rates import Places
from apps.messaging.models import Message, Recipient
from apps.messaging.rates import Rule

LEASE_TIME = timedelta(minutes=5)
# When the server says "not now" (4xx, greylisting): the waits before the next tries. Then it is a failure.
RETRY_AFTER = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
SWEEP_SIZE = 20_000
LOST = "The worker stopped before it wrote the server's answer down."
State = Recipient.State


class Taken(NamedTuple):
    """A claimed row: what a worker needs to know of it."""

    id: int
    message_id: int
    contact_id: int
    sender_id: int
    topic: str  # of the message, as its sender: fixed at its launch
    variant: int | None = None  # of its experiment


@dataclass(frozen=True)
class Lease:
    """
    The right to work some rows until `LEASE_TIME` is over.

    The token is a fence: it is part of every later statement, so a worker that outlived its lease finds
    no rows and cannot touch those of the next holder.
    """

    rows: list[Taken]  # in the order in which they are to go
    token: UUID
    gate: Gate  # the rules for all messages as they were when the rows were claimed: read once


class Addressed(NamedTuple):
    """A row about to be handed over: to this address, under this Message-ID."""

    row: Taken
    address: str
    mail_id: str
    channel: Channel = Channel.EMAIL


# Of a claim, so many parts for each priority under which people wait: what is urgent gets most, and nothing
# waits for ever.
PORTIONS = {Message.Priority.URGENT: 70, Message.Priority.NORMAL: 25, Message.Priority.LOW: 5}


@transaction.atomic(durable=True)
def claim(*, limit: int, now: datetime, but: Collection[int] = ()) -> Lease | None:
    """
    Lease up to `limit` rows to one worker; None if none are free.

    Each priority has its portion, of which every running message has the same share: a large message holds up
    no small one. Of a sender without room under its limits nothing is taken, and who is at a domain without
    room steps aside, so a lease may come out without rows. Nothing is taken of the messages `but`.

    SKIP LOCKED: workers never wait here. MATERIALIZED, or the plan may run the SELECT again and take more.
    """
    token, gate = uuid4(), gate_read()
    senders = gate.rates.rooms_of_senders(at=now)
    domains = gate.rates.rooms_of_domains(at=now)
    taken = sql.rows(
        _claim_statement(bool(domains)),
        {
            "limit": limit,
            "token": token,
            "until": now + LEASE_TIME,
            "priorities": list(PORTIONS),
            "portions": list(PORTIONS.values()),
            "senders": sql.array(senders),
            "rooms": sql.array(senders.values()),
            "domains": sql.text_array(domain for domain, _limit, _room in domains),
            "limits": sql.array(limit for _domain, limit, _room in domains),
            "but": sql.array(but),
            "spots": sql.array(room for _domain, _limit, room in domains),
        },
    )
    aside = [(pk, contact, waits_for) for pk, _, contact, *_, waits_for in taken if waits_for]
    if aside:
        with connection.cursor() as cursor:
            rates.note(cursor, aside, now=now)
    going = [(place, Taken(*row)) for *row, place, waits_for in taken if not waits_for]
    going.sort(key=lambda one: (one[0], one[1].message_id, one[1].id))
    return Lease([row for _place, row in going], token, gate) if taken else None


@cache
def _claim_statement(has_domains: bool) -> str:
    """Return the statement that claims; where no domain has a limit, it asks for none."""
    # What is in the hands of workers and not yet counted has its place under the limit of its sender.
    aside = _ASIDE if has_domains else "SELECT free.*, NULL::bigint AS waits_for FROM free"
    return f"""
        WITH spare AS MATERIALIZED (
            SELECT one.sender_id, one.room - (
                SELECT count(*)
                FROM messaging_message AS m JOIN messaging_recipient AS r ON r.message_id = m.id
                WHERE m.sender_id = one.sender_id AND m.finished_at IS NULL AND m.state <> 'draft'
                AND r.state = 'leased'
            ) AS room
            FROM unnest(%(senders)s::bigint[], %(rooms)s::bigint[]) AS one (sender_id, room)
        ), waiting AS (
            SELECT m.id, m.topic, m.sender_id, one.place,
                one.portion::float / count(*) OVER (PARTITION BY m.priority) AS portion,
                ceil(spare.room::float / count(*) OVER (PARTITION BY m.sender_id)) AS room
            FROM messaging_message AS m
            JOIN unnest(%(priorities)s::text[], %(portions)s::int[]) WITH ORDINALITY
                AS one (priority, portion, place) ON one.priority = m.priority
            LEFT JOIN spare ON spare.sender_id = m.sender_id
            WHERE m.state = 'running' AND m.finished_at IS NULL AND coalesce(spare.room, 1) > 0
            AND m.id <> ALL(%(but)s::bigint[]) AND (
                SELECT true FROM messaging_recipient AS r
                WHERE r.message_id = m.id AND r.state = 'queued' LIMIT 1
            )
        ), running AS (
            SELECT *, least(
                room, greatest(1, floor(%(limit)s * portion / sum(portion) OVER ()))
            )::bigint AS share
            FROM waiting
        ), free AS MATERIALIZED (
            SELECT next.*, running.topic, running.sender_id, running.place
            FROM (SELECT * FROM running ORDER BY place) AS running
            CROSS JOIN LATERAL (
                SELECT r.id, r.address FROM messaging_recipient AS r
                WHERE r.message_id = running.id AND r.state = 'queued'
                ORDER BY r.id LIMIT running.share FOR NO KEY UPDATE SKIP LOCKED
            ) AS next LIMIT %(limit)s
        ), placed AS ({aside})
        UPDATE messaging_recipient AS taken SET
            state = CASE WHEN placed.waits_for IS NULL THEN 'leased' ELSE 'planned' END,
            waits_for_id = placed.waits_for,
            lease_token = CASE WHEN placed.waits_for IS NULL THEN %(token)s::uuid END,
            leased_until = CASE WHEN placed.waits_for IS NULL THEN %(until)s::timestamptz END
        FROM placed WHERE taken.id = placed.id
        RETURNING taken.id, taken.message_id, taken.contact_id, placed.sender_id, placed.topic, taken.variant,
            placed.place, placed.waits_for
    """


_ASIDE = """
    SELECT free.*, CASE WHEN row_number() OVER (
        PARTITION BY spot.domain ORDER BY free.place, free.id
    ) > spot.room THEN spot.limit_id END AS waits_for
    FROM free LEFT JOIN unnest(%(domains)s::text[], %(limits)s::bigint[], %(spots)s::bigint[])
        AS spot (domain, limit_id, room) ON spot.domain = lower(split_part(free.address, '@', -1))
"""


def _nothing() -> None:
    """Wait for the database, and only that."""


@transaction.atomic(durable=True)
def advance(
    lease: Lease,
    *,
    outcomes: Mapping[int, Outcome],
    batch: Sequence[Addressed],
    now: datetime,
    meanwhile: Callable[[], None] = _nothing,
) -> set[int]:
    """
    Settle the last rows and pass the point of no return with the next ones, in one commit.

    `batch` is of one message. Return the ids that must now be handed over. What may have changed since the
    launch is asked here for the last time; rows that it stops are put where they belong. `meanwhile` is
    called while the database works, which it must leave alone.
    """
    with pipeline(), prepared.cursor() as moved:
        settle(lease, outcomes, now=now)
        if batch:
            # A statement of its own: what the next one reads of the contacts is as new as the lock. FOR
            # SHARE: whoever pauses or cancels waits for this commit, or this waits for theirs. No third way.
            moved.execute("SELECT FROM messaging_message WHERE id = %s FOR SHARE", [batch[0].row.message_id])
            if under := _limits(lease, batch):
                begun = _begin_under(moved, lease, batch, under, now=now)
                meanwhile()
                return begun
            _begin(moved, lease, batch, now=now)
        meanwhile()
        return _going(moved) if batch else set()


def _going(moved: Any) -> set[int]:
    return {pk for pk, state in moved.fetchall() if state == State.SENDING}


def _limits(lease: Lease, batch: Sequence[Addressed]) -> dict[int, list[Rule]]:
    """Return the limits that each row is under, by id; empty if none is under any."""
    known = lease.gate.rates
    if not known or not (known.of_domains or batch[0].row.sender_id in known.of_senders):
        return {}
    under = {one.row.id: known.of(sender=one.row.sender_id, address=one.address) for one in batch}
    return under if any(under.values()) else {}


def _begin_under(
    moved: Any, lease: Lease, batch: Sequence[Addressed], under: Mapping[int, list[Rule]], *, now: datetime
) -> set[int]:
    """
    Let as many begin as there are places under their limits; the others step back.

    Only those count that really go: who may not be written to, or is held for another reason, takes no place.
    """
    places = Places(moved, {rule.key: rule for rules in under.values() for rule in rules}, now=now)
    held = {one.row.id: rule for one in batch if (rule := places.take(under[one.row.id]))}
    if held:
        rates.step_back(moved, held, token=lease.token)
        contacts = {one.row.id: one.row.contact_id for one in batch}
        aside = [(pk, contacts[pk], limit) for pk, rule in held.items() if (limit := rates.limit_of(rule))]
        if aside:
            rates.note(moved, aside, now=now)
    fitting = [one for one in batch if one.row.id not in held]
    if not fitting:
        return set()
    _begin(moved, lease, fitting, now=now)
    begun = _going(moved)
    places.keep(Counter(rule.key for pk in begun for rule in under[pk]))
    return begun


def _begin(moved: Any, lease: Lease, batch: Sequence[Addressed], *, now: datetime) -> None:
    first = batch[0].row
    channel = batch[0].channel
    gate = lease.gate.on(topic=first.topic, channel=channel)
    moved.execute(
        _begin_statement(channel, first.topic, gate.steps),
        {
            **gate.params(topic=first.topic),
            "message": first.message_id,
            "is_on": settings.SENDING_ENABLED,
            "ids": sql.array(one.row.id for one in batch),
            "contacts": sql.array(one.row.contact_id for one in batch),
            "addresses": sql.text_array(one.address for one in batch),
            "mail_ids": sql.text_array(one.mail_id for one in batch),
            "token": lease.token,
            "until": now + LEASE_TIME,
            "now": now,
        },
    )


@cache
def _begin_statement(channel: Channel, topic: str, steps: Steps) -> str:
    """
    Return the statement that asks the message and the contacts of a batch, and moves its rows.

    Sent on: who may be written to at the address that the mail was built for. Skipped: who may not. Back in
    line: all of a message that pauses, and whose address has changed since, for a mail to the new one.
    `steps` are the rules for all messages: they leave out, or hold until later (`planned`).
    """
    people = Contact.objects.order_by().annotate(exclusion=channel_exclusion(channel, topic=topic))
    select = sql.compiled(people.values_list("pk", ADDRESS_FIELDS[channel][0], "exclusion"))
    return f"""
        WITH message AS MATERIALIZED (
            SELECT CASE
                WHEN not_after <= %(now)s THEN 'expired'
                WHEN state = 'cancelled' THEN 'cancelled'
                WHEN state <> 'running' OR NOT %(is_on)s THEN 'queued' END AS stop
            FROM messaging_message WHERE id = %(message)s
        ), people (id, address, exclusion) AS MATERIALIZED (
            {select} WHERE "contacts_contact"."id" = ANY(%(contacts)s::bigint[])
        ), asked AS MATERIALIZED (
            SELECT one.*, people.exclusion, CASE
                WHEN message.stop IS NOT NULL THEN message.stop
                WHEN people.exclusion <> '' THEN 'skipped'
                WHEN people.address <> one.address THEN 'queued'
                ELSE 'sending' END AS verdict
            FROM message CROSS JOIN unnest(
                %(ids)s::bigint[], %(contacts)s::bigint[], %(addresses)s::text[], %(mail_ids)s::text[]
            ) AS one (id, contact_id, address, mail_id)
            JOIN people ON people.id = one.contact_id
        ){steps.ctes}
        UPDATE messaging_recipient AS r SET
            state = asked.verdict,
            reason = CASE asked.verdict WHEN 'skipped' THEN asked.exclusion ELSE '' END,
            address = asked.address,
            mail_id = CASE asked.verdict WHEN 'sending' THEN asked.mail_id ELSE '' END,
            attempts = r.attempts + CASE asked.verdict WHEN 'sending' THEN 1 ELSE 0 END,
            lease_token = CASE asked.verdict WHEN 'sending' THEN r.lease_token END,
            leased_until = CASE asked.verdict WHEN 'sending' THEN %(until)s::timestamptz END,
            due_at = {steps.due_at},
            finished_at = CASE WHEN asked.verdict NOT IN ('sending', 'queued', 'planned')
                THEN %(now)s::timestamptz END
        FROM {steps.source} AS asked
        WHERE r.id = asked.id AND r.lease_token = %(token)s AND (r.state = 'leased') IS TRUE
        RETURNING r.id, r.state
    """


def settle(lease: Lease, outcomes: Mapping[int, Outcome], *, now: datetime) -> None:
    """
    Write down how rows ended, by id.

    What was never tried goes back in line, what the server put off waits for its next try. Also for rows
    given up as `unknown` meanwhile: what is said after the lease is late, but it is the truth. Rows that are
    only leased may fail here too: their mail could not be built.
    """
    if not outcomes:
        return
    if any(outcome.state == State.QUEUED or outcome.tries_again for outcome in outcomes.values()):
        # No message may finish while one of its rows is on the way back.
        sql.rows(_HOLD_MESSAGES, {"ids": list(outcomes)})
    told = {
        "ids": sql.array(outcomes),
        "states": sql.array(outcome.state for outcome in outcomes.values()),
        "answers": sql.text_array(outcome.answer[:500] for outcome in outcomes.values()),
        "retryable": sql.array(outcome.is_retryable for outcome in outcomes.values()),
        "again": sql.array(outcome.tries_again for outcome in outcomes.values()),
        "token": lease.token,
        "waits": _WAITS,
        "now": now,
    }
    with connection.wrap_database_errors, prepared.cursor() as settled:
        settled.execute(_SETTLE, told)
    if lease.gate.caps:
        caps.give_back(outcomes)


_WAITS = sql.array(f'"{wait}"' for wait in RETRY_AFTER)  # the driver would look at each anew
_HOLD_MESSAGES = """
    SELECT id FROM messaging_message WHERE id IN (
        SELECT message_id FROM messaging_recipient WHERE id = ANY(%(ids)s::bigint[])
    ) ORDER BY id FOR SHARE
"""
# Back in line at once: what was never tried, and a first broken conversation. After a wait: later breaks and
# "not now". A row that has used up its tries has failed, so that none can come back for ever; so has one
# whose message had ended before a late worker said that it was never tried.
_SETTLE = """
    WITH ended AS (
        SELECT one.*, r.attempts, CASE
            WHEN m.finished_at IS NOT NULL THEN replace(one.state, 'queued', 'failed')
            WHEN one.state = 'queued' AND (NOT one.again OR r.attempts <= 1) THEN 'queued'
            WHEN one.again AND r.attempts <= cardinality(%(waits)s::interval[]) THEN 'planned'
            ELSE replace(one.state, 'queued', 'failed') END AS verdict
        FROM unnest(
            %(ids)s::bigint[], %(states)s::text[], %(answers)s::text[],
            %(retryable)s::bool[], %(again)s::bool[]
        ) AS one (id, state, answer, is_retryable, again)
        JOIN messaging_recipient AS r ON r.id = one.id
        JOIN messaging_message AS m ON m.id = r.message_id
    )
    UPDATE messaging_recipient AS r SET
        state = ended.verdict,
        answer = ended.answer,
        is_retryable = ended.verdict = 'failed' AND (ended.is_retryable OR ended.state = 'queued'),
        due_at = CASE ended.verdict
            WHEN 'planned' THEN %(now)s::timestamptz + (%(waits)s::interval[])[ended.attempts]
            ELSE r.due_at END,
        attempts = CASE
            WHEN ended.state = 'queued' AND NOT ended.again AND r.state <> 'leased'
                THEN greatest(0, r.attempts - 1)
            ELSE r.attempts END,
        mail_id = CASE WHEN ended.verdict IN ('queued', 'planned') THEN '' ELSE r.mail_id END,
        finished_at = CASE WHEN ended.verdict NOT IN ('queued', 'planned') THEN %(now)s::timestamptz END,
        lease_token = NULL,
        leased_until = NULL
    FROM ended
    WHERE r.id = ended.id AND r.lease_token = %(token)s
    AND (r.state IN ('leased', 'sending', 'unknown')) IS TRUE
"""


def release(lease: Lease) -> None:
    """Put the rows that are still only claimed back in line."""
    # One array, not hundreds of parameters: taking those apart cost as much as sending a dozen mails.
    sql.run(
        """
        UPDATE messaging_recipient SET state = 'queued', lease_token = NULL, leased_until = NULL
        WHERE id = ANY(%(ids)s::bigint[]) AND lease_token = %(token)s AND (state = 'leased') IS TRUE
        """,
        {"ids": [row.id for row in lease.rows], "token": lease.token},
    )


def reap(*, now: datetime) -> None:
    """
    Take back what workers left behind: rows only leased go back in line, rows being sent are unknown.

    An unknown row keeps its token: should its worker only have been slow, the answer still counts.
    """
    with transaction.atomic():
        open_messages = list(Message.objects.open().values_list("pk", flat=True))
        abandoned = Recipient.objects.abandoned(at=now).filter(message__in=open_messages)
        held = abandoned.select_for_update(skip_locked=True, no_key=True)
        found = dict(held.values_list("pk", "state")[:SWEEP_SIZE])
        leased = [pk for pk, state in found.items() if state == State.LEASED]
        sending = [pk for pk, state in found.items() if state == State.SENDING]
        Recipient.objects.filter(pk__in=leased).update(
            state=State.QUEUED, lease_token=None, leased_until=None
        )
        Recipient.objects.filter(pk__in=sending).update(
            state=State.UNKNOWN, answer=LOST, leased_until=None, finished_at=now
        )
