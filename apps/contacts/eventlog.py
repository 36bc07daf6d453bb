"""The statements that write events in sets. `services.events` calls these; nothing else writes events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from django.db import connection

from apps.contacts import eventcatalogue
from apps.contacts.models import Event
from apps.contacts.schemas import Verdict
from apps.contacts.undoing.events import RECORD
from apps.contacts.violationlog import Judged, violations_write
from apps.core import prepared

TABLE = Event._meta.db_table


@dataclass(frozen=True)
class Row:
    """
    One event as it is written: `properties` is JSON, `message_key` the digest of the message id.

    `verdict` says in which way it does not fit the schema of its name; None if it does.
    """

    name: str
    occurred_at: datetime
    properties: str
    message_key: UUID
    identity: tuple[str, str] | None
    contact_id: int | None
    verdict: Verdict | None = None

    @property
    def is_held(self) -> bool:
        """Test if it goes to quarantine: its message id is taken, but it is not written as an event."""
        return self.verdict is not None and self.verdict.is_held


# One statement and one document, because a single event pays for each round trip, and because quoting every
# value by itself costs a batch more than writing it. Receipts in order: all writers lock in this one.
_KEEP = """
    WITH told AS (
        SELECT * FROM jsonb_to_recordset(%(document)s::jsonb) AS t(
            contact_id bigint, message_key uuid, name text, occurred_at timestamptz, properties jsonb
        )
    ), fresh AS (
        INSERT INTO contacts_eventreceipt (contact_id, message_key, received_at)
        SELECT contact_id, message_key, %(now)s::timestamptz FROM told ORDER BY contact_id, message_key
        ON CONFLICT DO NOTHING RETURNING contact_id, message_key
    ), written AS (
        INSERT INTO contacts_event
            (contact_id, name, occurred_at, received_at, properties, source, message_key)
        SELECT contact_id, name, occurred_at, %(now)s::timestamptz, properties, %(source)s::text, message_key
        FROM told JOIN fresh USING (contact_id, message_key) WHERE name IS NOT NULL{returning}
    )
    SELECT contact_id, message_key FROM fresh
"""
_KEEP_ALONE = _KEEP.format(returning="")
_KEEP_RECORDED = _KEEP.format(
    returning=" RETURNING id, contact_id, message_key, occurred_at), recorded AS ("
    + RECORD.format(place="event", written="written")
)


def keep(
    told: Mapping[int, tuple[int, UUID, Row | None]],
    *,
    source: str,
    now: datetime,
    import_id: int | None = None,
) -> set[int]:
    """
    Claim the message id at each place for its contact, and write the event of those that nobody had taken.

    Return their places; of two alike in one call, the first. Without a row only the id is claimed. Of an
    import what was written is put on record, for its undoing.

    :raises IntegrityError: the month of an event has no partition yet
    """
    first: dict[tuple[int, UUID], int] = {}
    for place, (contact, key, _row) in told.items():
        first.setdefault((contact, key), place)
    if not first:
        return set()
    document = orjson.dumps([_document(*told[place]) for place in first.values()])
    claimed = prepared.execute(
        _KEEP_RECORDED if import_id else _KEEP_ALONE,
        {"document": document.decode(), "now": now, "source": source[:64], "import_id": import_id},
    )
    fresh = {first[contact, key] for contact, key in claimed}
    eventcatalogue.see([row for place in sorted(fresh) if (row := told[place][2]) and not row.is_held])
    _judged_write([told[place] for place in sorted(fresh)], source=source, now=now, import_id=import_id)
    return fresh


# The same for one event of one person, who is known by all of these names: parts of
# a statement that goes on, with `allowed` before them and `fresh` to read after. Nobody is in `known` unless
# all that `keep` and its callers would look at is as plain as that.
KEEP_OF_KNOWN = """
    known AS (
        SELECT min(i.contact_id) AS contact_id
        FROM contacts_identity AS i
        JOIN unnest(%(namespaces)s::text[], %(values)s::text[]) AS wanted(namespace, value)
            USING (namespace, value)
        JOIN contacts_contact AS c ON c.id = i.contact_id AND c.merged_into IS NULL
        WHERE EXISTS (SELECT FROM allowed)
        HAVING count(*) = cardinality(%(values)s::text[]) AND min(i.contact_id) = max(i.contact_id)
    ), fresh AS (
        INSERT INTO contacts_eventreceipt (contact_id, message_key, received_at)
        SELECT contact_id, %(message_key)s::uuid, %(now)s::timestamptz FROM known
        ON CONFLICT DO NOTHING RETURNING contact_id
    ), written AS (
        INSERT INTO contacts_event
            (contact_id, name, occurred_at, received_at, properties, source, message_key)
        SELECT contact_id, %(name)s::text, %(occurred_at)s::timestamptz, %(now)s::timestamptz,
            %(properties)s::jsonb, %(source)s::text, %(message_key)s::uuid
        FROM fresh
    )
"""

_TAKEN = """
    SELECT place FROM unnest(%s::bigint[], %s::bigint[], %s::uuid[]) AS told(place, contact_id, message_key)
    JOIN contacts_eventreceipt USING (contact_id, message_key)
"""


def taken(told: Mapping[int, tuple[int, UUID]]) -> set[int]:
    """Return the places at which the message id was taken for its contact before."""
    if not told:
        return set()
    contacts, keys = zip(*told.values(), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_TAKEN, [list(told), list(contacts), list(keys)])
        return {place for (place,) in cursor.fetchall()}


def _judged_write(
    taken: Sequence[tuple[int, UUID, Row | None]], *, source: str, now: datetime, import_id: int | None
) -> None:
    judged = [
        Judged(
            row.verdict,
            contact=contact,
            occurred_at=row.occurred_at,
            properties=row.properties,
            message_key=row.message_key,
        )
        for contact, _key, row in taken
        if row is not None and row.verdict is not None
    ]
    violations_write(judged, source=source, now=now, import_id=import_id)


def _document(contact: int, key: UUID, row: Row | None) -> dict[str, object]:
    told: dict[str, object] = {"contact_id": contact, "message_key": key}
    if row is not None and not row.is_held:
        told |= {
            "name": row.name,
            "occurred_at": row.occurred_at,
            "properties": orjson.Fragment(row.properties),
        }
    return told
