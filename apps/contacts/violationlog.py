"""The statements that write down which events did not fit their schema. Called where events are kept."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import orjson
from django.db import connection

from apps.contacts.models import EventSample, EventViolation
from apps.contacts.schemas import Verdict
from apps.contacts.undoing.events import RECORD

_HOLD = """
    INSERT INTO contacts_heldevent
        (contact_id, event_type_id, occurred_at, received_at, properties, source, message_key, faults)
    SELECT contact_id, event_type_id, occurred_at, %(now)s, properties, %(source)s, message_key, faults
    FROM jsonb_to_recordset(%(document)s::jsonb) AS t(
        contact_id bigint, event_type_id bigint, occurred_at timestamptz, properties jsonb,
        message_key uuid, faults jsonb
    )
"""
_HOLD_RECORDED = (
    f"WITH held AS ({_HOLD} RETURNING id, contact_id, message_key, occurred_at) "
    + RECORD.format(place="held", written="held")
)
_COUNT = """
    INSERT INTO contacts_eventviolation (event_type_id, date, field, reason, slot, count)
    SELECT event_type_id, (%s::timestamptz AT TIME ZONE 'UTC')::date, field, reason,
        pg_backend_pid() %% %s, count
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bigint[]) AS t(event_type_id, field, reason, count)
    ON CONFLICT (event_type_id, date, field, reason, slot)
    DO UPDATE SET count = contacts_eventviolation.count + excluded.count
"""
# Writers at once may each add one beyond the measure; that is few, and cleared with the others.
_SAMPLE = """
    INSERT INTO contacts_eventsample (contact_id, event_type_id, field, reason, occurred_at, message_key, at)
    SELECT contact_id, event_type_id, field, reason, occurred_at, message_key, %s
    FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::uuid[])
        AS t(contact_id, event_type_id, field, reason, occurred_at, message_key)
    WHERE (
        SELECT count(*) FROM contacts_eventsample AS there
        WHERE there.event_type_id = t.event_type_id AND there.field = t.field AND there.reason = t.reason
          AND there.at > %s::timestamptz - interval '1 day'
    ) < %s
"""


class Judged:
    """One event that did not fit, with what there is to say of it."""

    def __init__(
        self, verdict: Verdict, *, contact: int, occurred_at: datetime, properties: str, message_key: UUID
    ) -> None:
        self.verdict, self.contact, self.occurred_at = verdict, contact, occurred_at
        self.properties, self.message_key = properties, message_key


def violations_write(
    judged: Sequence[Judged], *, source: str, now: datetime, import_id: int | None = None
) -> None:
    """
    Put those in quarantine that belong there, and count all; in the transaction that keeps the others.

    Of an import those in quarantine are put on record, for its undoing.
    """
    if not judged:
        return
    held = [one for one in judged if one.verdict.is_held]
    with connection.cursor() as cursor:
        if held:
            document = orjson.dumps([_document(one) for one in held]).decode()
            cursor.execute(
                _HOLD_RECORDED if import_id else _HOLD,
                {"now": now, "source": source[:64], "document": document, "import_id": import_id},
            )
        counts = Counter(
            (one.verdict.event_type_id, unfit.field, str(unfit.reason))
            for one in judged
            for unfit in one.verdict.unfit
        )
        ordered = sorted(counts)  # all writers lock in this order
        columns = [list(column) for column in zip(*ordered, strict=True)]
        cursor.execute(_COUNT, [now, EventViolation.SLOTS, *columns, [counts[key] for key in ordered]])
        samples = list(_samples([one for one in judged if not one.verdict.is_held]))
        if samples:
            columns = [list(column) for column in zip(*samples, strict=True)]
            cursor.execute(_SAMPLE, [now, *columns, now, EventSample.PER_DAY])


def _document(one: Judged) -> dict[str, object]:
    return {
        "contact_id": one.contact,
        "event_type_id": one.verdict.event_type_id,
        "occurred_at": one.occurred_at,
        "properties": orjson.Fragment(one.properties),
        "message_key": one.message_key,
        "faults": [[unfit.field, str(unfit.reason)] for unfit in one.verdict.unfit],
    }


def _samples(judged: Sequence[Judged]) -> list[tuple[object, ...]]:
    """Return the first event of this call for each field and reason."""
    found: dict[tuple[int, str, str], tuple[object, ...]] = {}
    for one in judged:
        for unfit in one.verdict.unfit:
            key = (one.verdict.event_type_id, unfit.field, str(unfit.reason))
            found.setdefault(key, (one.contact, *key, one.occurred_at, one.message_key))
    return list(found.values())
