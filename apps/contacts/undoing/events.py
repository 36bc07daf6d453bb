"""How an import of events is taken back, and the people with it whom nothing else has made known."""

from django.db.backends.utils import CursorWrapper

from apps.contacts.registries import counted
from apps.contacts.undoing import contacts
from apps.contacts.undoing.keys import LEFT, Told, Undoing

# An event has no number that stays its own in quarantine: the key is made from its contact and message id.
# Those whose contact was made for them come last, so that no other event of the file is left by then.
# `w` is the row that was written; the name of its number says whether in quarantine.
RECORD = """
    INSERT INTO contacts_importkey (import_file_id, key, is_new, before)
    SELECT %(import_id)s,
        (hashtextextended(w.contact_id || ':' || w.message_key, 0) & ((1::bigint << 61) - 1))
            + CASE WHEN c.id IS NULL THEN 0 ELSE 1::bigint << 61 END,
        true,
        jsonb_build_object('{place}', w.id, 'at', w.occurred_at, 'is_made', c.id IS NOT NULL)
    FROM {written} AS w
    LEFT JOIN contacts_contact AS c ON c.id = w.contact_id AND c.created_at = %(now)s
    ON CONFLICT DO NOTHING
"""

# `e` is the event, `h` the one in quarantine, `k` the record. By LIMIT it is one look-up for each, in its
# month.
_VERDICTS = """
    SELECT k.key AS id, k.is_new, k.before, e.id AS event_id, e.occurred_at, h.id AS held_id,
        COALESCE(e.contact_id, h.contact_id) AS contact_id,
        COALESCE(e.message_key, h.message_key) AS message_key,
        CASE
            WHEN e.id IS NULL AND h.id IS NULL AND k.before ? 'held' THEN 'released'
            WHEN e.id IS NULL AND h.id IS NULL THEN 'gone'
            {uses}
            ELSE ''
        END AS reason
    FROM contacts_importkey AS k
    LEFT JOIN LATERAL (
        SELECT * FROM contacts_event
        WHERE occurred_at = (k.before ->> 'at')::timestamptz AND id = (k.before ->> 'event')::bigint LIMIT 1
    ) AS e ON true
    LEFT JOIN contacts_heldevent AS h ON h.id = (k.before ->> 'held')::bigint
    WHERE {todo}
"""
_MADE = """
    SELECT DISTINCT contact_id FROM import_undo
    WHERE reason = '' AND (before ->> 'is_made')::boolean
"""
# Of `registries.moves`, what an event leaves behind.
_OF_EVENTS = ("events", "receipts", "held_events", "event_samples")
# Who would be as made once these events are gone: nothing of an event is left but of these.
_PEOPLE = """
    SELECT count(*) FROM (
        SELECT contact_id, array_agg(message_key) AS keys FROM ({verdicts}) AS u
        WHERE reason = '' GROUP BY contact_id HAVING bool_or((before ->> 'is_made')::boolean)
    ) AS t
    JOIN contacts_contact AS c ON c.id = t.contact_id
    WHERE c.merged_into IS NULL AND c.erased_at IS NULL AND {made} = '' AND NOT EXISTS (
        SELECT FROM contacts_event AS e WHERE e.contact_id = c.id AND e.message_key <> ALL(t.keys)
        UNION ALL
        SELECT FROM contacts_heldevent AS h WHERE h.contact_id = c.id AND h.message_key <> ALL(t.keys)
        UNION ALL
        SELECT FROM contacts_eventreceipt AS r WHERE r.contact_id = c.id AND r.message_key <> ALL(t.keys)
        UNION ALL
        SELECT FROM contacts_eventsample AS s WHERE s.contact_id = c.id AND s.message_key <> ALL(t.keys)
    )
"""
# Those that are sent again are events again, and no repeats.
_REMOVE = (
    """
    DELETE FROM contacts_eventreceipt AS r USING import_undo AS u
    WHERE u.reason = '' AND r.contact_id = u.contact_id AND r.message_key = u.message_key
    """,
    """
    DELETE FROM contacts_eventsample AS s USING import_undo AS u
    WHERE u.reason = '' AND s.contact_id = u.contact_id AND s.message_key = u.message_key
    """,
    "DELETE FROM contacts_heldevent WHERE id IN (SELECT held_id FROM import_undo WHERE reason = '')",
    """
    DELETE FROM contacts_event AS e USING import_undo AS u
    WHERE u.reason = '' AND e.occurred_at = u.occurred_at AND e.id = u.event_id
    """,
)
# Nobody changes an event; a release or a discarding of those in quarantine waits.
_LOCK = """
    SELECT id FROM contacts_heldevent WHERE id IN (
        SELECT (before ->> 'held')::bigint FROM contacts_importkey
        WHERE import_file_id = %(import_id)s AND key = ANY(%(ids)s)
    ) ORDER BY id FOR UPDATE
"""


def _take_back(cursor: CursorWrapper, told: Told) -> int:
    cursor.execute("ANALYZE import_undo")  # else all months may be read for want of knowing how few these are
    cursor.execute(_MADE)
    strangers = [contact for (contact,) in cursor.fetchall()]
    for statement in _REMOVE:
        cursor.execute(statement)
    known_by_nothing = contacts.as_made(cursor, strangers)
    contacts.remove(cursor, known_by_nothing)
    return len(known_by_nothing)


def _people() -> str:
    return _PEOPLE.format(verdicts=_verdicts(), made=contacts.made_sql(apart_from=_OF_EVENTS))


def _verdicts() -> str:
    uses = " ".join(f"WHEN {count.is_there} THEN '{name}'" for name, count in counted.items())
    return _VERDICTS.format(uses=uses, todo=LEFT)


EVENTS = Undoing(verdicts=_verdicts, lock=_LOCK, take_back=_take_back, people=_people, remembers=True)
