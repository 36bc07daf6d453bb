"""
The call that comes most, one event of somebody who is known, in one statement.

What it writes is what `messages_take` would write of it, to the letter. As soon as anything is less plain (a
stranger, two names of two contacts, a schema that does not fit, a fault), it leaves all of it to that.
"""

from datetime import datetime

from django.db import IntegrityError

from apps.contacts import eventcatalogue
from apps.contacts.addresses import AddressInvalid
from apps.contacts.eventlog import KEEP_OF_KNOWN, Row
from apps.contacts.services.events import EventInvalid, EventOutcome, event_row
from apps.core import prepared
from apps.integrations.models import Tally
from apps.integrations.segment.messages import Message, message_read
from apps.integrations.services.messages import Fate
from apps.integrations.services.sources import Heard

_STATEMENT = f"""
    WITH allowed AS (
        SELECT FROM integrations_source AS s, integrations_identityscheme AS scheme
        WHERE s.id = %(source_id)s AND s.revoked_at IS NULL AND scheme.namespace = %(namespace)s
    ), {KEEP_OF_KNOWN}, ended AS (
        SELECT CASE WHEN EXISTS (SELECT FROM fresh) THEN %(recorded)s ELSE %(duplicate)s END AS outcome
        FROM known
    ), counted AS (
        INSERT INTO integrations_tally (source_id, at, call, outcome, slot, count)
        SELECT %(source_id)s, date_bin('5 minutes', %(now)s::timestamptz, 'epoch'::timestamptz),
            %(call)s::text, outcome, pg_backend_pid() %% %(slots)s::int, 1
        FROM ended
        ON CONFLICT (source_id, at, call, outcome, slot)
        DO UPDATE SET count = integrations_tally.count + excluded.count
    )
    SELECT outcome FROM ended
"""  # noqa: S608  # both texts are ours


def event_take(*, heard: Heard, raw: dict[str, object], call: str) -> Fate | None:
    """
    Keep the one event of this message, durable when it returns; None if it is not as plain as that.

    `heard` may be what a process remembers: the statement asks if the key and the scheme still hold.
    """
    message = message_read(
        raw,
        call=call,
        context=raw.get("context"),
        sent_at=raw.get("sentAt"),
        namespace=heard.namespace,
        now=heard.now,
    )
    row = _plain_row(message, now=heard.now)
    if row is None:
        return None
    try:
        told = prepared.execute_first(_STATEMENT, _params(heard, message, row))
    except IntegrityError:  # its month has no partition yet
        return None
    if not told:
        return None
    outcome = EventOutcome(told[0][0])
    if outcome == EventOutcome.RECORDED:
        eventcatalogue.see([row])
    return Fate(outcome)


def _plain_row(message: Message, *, now: datetime) -> Row | None:
    """Return the event of a message that says nothing else, and nothing that is wrong."""
    if message.faults or message.event is None or message.who is None:
        return None
    if message.traits or message.email or message.phone or message.group:
        return None
    try:
        row = event_row(message.event, now=now)
    except (EventInvalid, AddressInvalid):
        return None
    return None if row.verdict else row


def _params(heard: Heard, message: Message, row: Row) -> dict[str, object]:
    assert message.who is not None
    names = message.who.names()
    return {
        "source_id": heard.source.pk,
        "source": heard.source.name[:64],
        "namespace": heard.namespace,
        "now": heard.now,
        "namespaces": [namespace for namespace, _value in names],
        "values": [value for _namespace, value in names],
        "name": row.name,
        "occurred_at": row.occurred_at,
        "properties": row.properties,
        "message_key": row.message_key,
        "call": message.call,
        "recorded": EventOutcome.RECORDED,
        "duplicate": EventOutcome.DUPLICATE,
        "slots": Tally.SLOTS,
    }
