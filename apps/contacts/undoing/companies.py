"""How an import of companies is taken back."""

from collections.abc import Mapping
from typing import Any

from django.db.backends.utils import CursorWrapper

from apps.contacts.companies import Draft
from apps.contacts.undoing.keys import LEFT, Told, Undoing

# `c` is the company, `k` the record.
_VERDICTS = f"""
    SELECT k.key AS id, k.is_new, k.before,
        CASE
            WHEN c.id IS NULL THEN 'gone'
            WHEN k.is_new AND c.updated_at <> (k.before ->> 'at')::timestamptz THEN 'changed'
            WHEN k.is_new AND EXISTS (
                SELECT FROM contacts_companymember AS m WHERE m.company_id = c.id
            ) THEN 'people'
            WHEN EXISTS (
                SELECT FROM jsonb_each(k.before -> 'attributes') AS d
                WHERE c.attributes -> d.key IS DISTINCT FROM d.value -> 'now'
            ) OR c.name <> COALESCE(k.before -> 'name' ->> 'now', c.name)
              OR c.domain <> COALESCE(k.before -> 'domain' ->> 'now', c.domain) THEN 'changed'
            WHEN EXISTS (
                SELECT FROM contacts_company AS o
                WHERE o.domain <> '' AND o.domain = k.before -> 'domain' ->> 'was'
            ) THEN 'taken'
            ELSE ''
        END AS reason
    FROM contacts_importkey AS k LEFT JOIN contacts_company AS c ON c.id = k.key
    WHERE {LEFT}
"""
_LOCK = "SELECT id FROM contacts_company WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE"
# A domain is one company's: two that had the same, one after the other, cannot both have it back.
_RESTORE = """
    UPDATE contacts_company AS c SET
        attributes = (c.attributes - t.keys) || t.was,
        name = CASE
            WHEN c.name = t.before -> 'name' ->> 'now' THEN t.before -> 'name' ->> 'was' ELSE c.name
        END,
        domain = CASE
            WHEN c.domain = t.before -> 'domain' ->> 'now' AND t.reason <> 'taken'
            THEN t.before -> 'domain' ->> 'was' ELSE c.domain
        END,
        updated_at = %(now)s
    FROM (
        SELECT u.id, back.keys, back.was,
            CASE WHEN EXISTS (
                SELECT FROM import_undo AS first
                WHERE first.id < u.id AND first.before -> 'domain' -> 'was' = u.before -> 'domain' -> 'was'
            ) OR EXISTS (
                SELECT FROM contacts_company AS other
                WHERE other.domain <> '' AND other.domain = u.before -> 'domain' ->> 'was'
            ) THEN 'taken' ELSE u.reason END AS reason, u.before
        FROM import_undo AS u JOIN contacts_company AS o ON o.id = u.id
        CROSS JOIN LATERAL (
            SELECT COALESCE(array_agg(d.key), '{}') AS keys,
                COALESCE(
                    jsonb_object_agg(d.key, d.value -> 'was') FILTER (WHERE d.value ? 'was'), '{}'
                ) AS was
            FROM jsonb_each(u.before -> 'attributes') AS d
            WHERE o.attributes -> d.key = d.value -> 'now'
        ) AS back
        WHERE NOT u.is_new
    ) AS t
    WHERE c.id = t.id
"""
_NAMES_AWAY = """
    DELETE FROM contacts_companyidentity AS i
    USING import_undo AS u CROSS JOIN LATERAL jsonb_array_elements(u.before -> 'names') AS n
    WHERE NOT u.is_new AND i.company_id = u.id AND i.namespace = n ->> 0 AND i.value = n ->> 1
"""
_REMOVED = "SELECT id FROM import_undo WHERE is_new AND reason = ''"


def record(draft: Draft, was: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return what is to be known of a company that an import has written.

    `was` are its name, domain and attributes before; of one that it made there are none, and it is known by
    the moment.
    """
    company = draft.company
    if draft.is_new:
        return {"at": company.updated_at.isoformat()}
    before: dict[str, Any] = {
        name: {"was": was[name], "now": getattr(company, name)}
        for name in ("name", "domain")
        if was[name] != getattr(company, name)
    }
    old, new = was["attributes"], company.attributes
    before["attributes"] = {
        key: ({"was": old[key]} if key in old else {}) | {"now": value}
        for key, value in new.items()
        if old.get(key) != value
    }
    return {**before, "names": [[*name] for name in draft.names]}


def _take_back(cursor: CursorWrapper, told: Told) -> int:
    cursor.execute(_RESTORE, told)
    cursor.execute(_NAMES_AWAY, told)
    for table, column in [("contacts_companyidentity", "company_id"), ("contacts_company", "id")]:
        cursor.execute(f"DELETE FROM {table} WHERE {column} IN ({_REMOVED})")
    return 0  # who belongs to one keeps it


COMPANIES = Undoing(verdicts=lambda: _VERDICTS, lock=_LOCK, take_back=_take_back)
