"""How an import of people's places in companies is taken back."""

from collections.abc import Collection, Mapping
from typing import Any

from django.db.backends.utils import CursorWrapper

from apps.contacts.models import CompanyMember
from apps.contacts.undoing.keys import LEFT, Told, Undoing

FIELDS = ("role", "title", "since", "is_primary")

# `m` is the place, `k` the record. A company that this import made the main one gives way by itself.
_VERDICTS = f"""
    SELECT k.key AS id, k.is_new, k.before, COALESCE(m.is_primary, false) AS is_main,
        CASE
            WHEN m.id IS NULL THEN 'gone'
            WHEN m.contact_id <> (k.before ->> 'contact')::bigint THEN 'merged'
            WHEN k.is_new AND m.updated_at <> (k.before ->> 'at')::timestamptz THEN 'changed'
            WHEN EXISTS (
                SELECT FROM jsonb_each(k.before -> 'fields') AS d
                WHERE to_jsonb(m) -> d.key IS DISTINCT FROM d.value -> 'now'
            ) THEN 'changed'
            WHEN k.before -> 'fields' -> 'is_primary' ->> 'was' = 'true' AND EXISTS (
                SELECT FROM contacts_companymember AS o
                WHERE o.contact_id = m.contact_id AND o.is_primary AND NOT EXISTS (
                    SELECT FROM contacts_importkey AS b
                    WHERE b.import_file_id = %(import_id)s AND b.key = o.id AND b.kept = ''
                      AND (b.is_new OR b.before -> 'fields' ? 'is_primary')
                )
            ) THEN 'main'
            ELSE ''
        END AS reason
    FROM contacts_importkey AS k LEFT JOIN contacts_companymember AS m ON m.id = k.key
    WHERE {LEFT}
"""
# Which company is somebody's main one is settled for all of their places at once.
_TOGETHER = f"""
    SELECT k.key FROM contacts_importkey AS k
    WHERE {LEFT} AND k.before -> 'contact' IN (
        SELECT o.before -> 'contact' FROM contacts_importkey AS o
        WHERE o.import_file_id = %(import_id)s AND o.key = ANY(%(ids)s)
    )
"""
# The contacts, as everybody locks who changes places.
_LOCK = """
    SELECT id FROM contacts_contact WHERE id IN (
        SELECT (before ->> 'contact')::bigint FROM contacts_importkey
        WHERE import_file_id = %(import_id)s AND key = ANY(%(ids)s)
    ) ORDER BY id FOR NO KEY UPDATE
"""
_REMOVE = """
    DELETE FROM contacts_companymember WHERE id IN (SELECT id FROM import_undo WHERE is_new AND reason = '')
"""
# A main company only ceases to be one here: no two may be it, at no moment.
_RESTORE = """
    UPDATE contacts_companymember AS m SET
        role = COALESCE(t.was ->> 'role', m.role),
        title = COALESCE(t.was ->> 'title', m.title),
        since = CASE WHEN t.was ? 'since' THEN (t.was ->> 'since')::date ELSE m.since END,
        is_primary = m.is_primary AND COALESCE(t.was ->> 'is_primary', '') <> 'false',
        updated_at = %(now)s
    FROM (
        SELECT u.id, (
            SELECT jsonb_object_agg(d.key, d.value -> 'was') FROM jsonb_each(u.before -> 'fields') AS d
            WHERE to_jsonb(o) -> d.key = d.value -> 'now'
        ) AS was
        FROM import_undo AS u JOIN contacts_companymember AS o ON o.id = u.id
        WHERE NOT u.is_new AND u.reason NOT IN ('gone', 'merged')
    ) AS t
    WHERE m.id = t.id AND t.was IS NOT NULL
"""
# The one that was the main one before is it again, unless somebody has chosen another.
_MAIN_BACK = """
    WITH wanted AS (
        SELECT (before ->> 'main_was')::bigint AS id FROM import_undo WHERE is_main
        UNION
        SELECT id FROM import_undo
        WHERE reason IN ('', 'changed') AND before -> 'fields' -> 'is_primary' ->> 'was' = 'true'
          AND NOT is_main
    )
    UPDATE contacts_companymember AS m SET is_primary = true, updated_at = %(now)s
    FROM (
        SELECT DISTINCT ON (o.contact_id) o.id
        FROM wanted JOIN contacts_companymember AS o USING (id)
        WHERE NOT EXISTS (
            SELECT FROM contacts_companymember AS first
            WHERE first.contact_id = o.contact_id AND first.is_primary
        )
        ORDER BY o.contact_id, o.id
    ) AS back
    WHERE m.id = back.id
"""


def record_made(member: CompanyMember, *, main_was: int | None) -> dict[str, Any]:
    """Return what is to be known of a place that an import made; `main_was` lost its rank to it."""
    at = member.updated_at.isoformat()
    return {"contact": member.contact_id, "at": at} | _main(main_was)


def record_changed(member: CompanyMember, was: Mapping[str, Any], *, main_was: int | None) -> dict[str, Any]:
    """Return what is to be known of a place that was `was` before an import changed it."""
    fields = {
        name: {"was": _plain(was[name]), "now": _plain(getattr(member, name))}
        for name in FIELDS
        if was[name] != getattr(member, name)
    }
    return {"contact": member.contact_id, "fields": fields} | _main(main_was)


def fields_of(members: Collection[CompanyMember]) -> dict[int, dict[str, Any]]:
    """Return what each place says, by its number."""
    return {member.pk: {name: getattr(member, name) for name in FIELDS} for member in members}


def _main(main_was: int | None) -> dict[str, Any]:
    return {"main_was": main_was} if main_was else {}


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _take_back(cursor: CursorWrapper, told: Told) -> int:
    cursor.execute(_REMOVE)
    cursor.execute(_RESTORE, told)
    cursor.execute(_MAIN_BACK, told)
    return 0  # they stay contacts


MEMBERS = Undoing(verdicts=lambda: _VERDICTS, lock=_LOCK, take_back=_take_back, together=_TOGETHER)
