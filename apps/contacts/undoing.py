"""
What an import did to each contact, and the statements that take it back. Services call these.

The record is the key that an import keeps of each contact it has met: `is_new`, and for a contact that was
known `before`, the fields that were changed, as they were and as they became. It is written in the chunk's
own transaction. Taking back compares: what is no more as the import left it, somebody else has the word on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.contacts.registries import Text, moves

UNDONE = "import undone"
# Why a contact was not, or not wholly, put back. The others are names of `registries.moves`.
REASONS = {
    "gone": _("Not there any more"),
    "merged": _("Merged with another contact"),
    "erased": _("Erased"),
    "changed": _("Changed since"),
    "identities": _("Known by another name since"),
    "refused": _("Said no: a refusal is never taken back"),
    "consents": _("Consent given or changed since"),
}

# What a known contact is before the plan `p` changes it. Asked of each row by its contact: joined to what the
# import keeps, of which no statistics know yet, it was a loop over all of both.
_BEFORE = """
    CASE WHEN p.outcome = 'updated' THEN (
        SELECT jsonb_strip_nulls(jsonb_build_object(
            'at', %(now)s::timestamptz,
            'attributes', (
                SELECT jsonb_object_agg(
                    n.key, jsonb_build_object('was', c.attributes -> n.key, 'now', n.value)
                )
                FROM jsonb_each({attributes}) AS n WHERE c.attributes -> n.key IS DISTINCT FROM n.value
            ),
            'phone', CASE WHEN p.phone <> '' AND p.phone <> c.phone{and_phone} THEN jsonb_build_object(
                'was', c.phone, 'hash', encode(c.phone_hash, 'hex'), 'now', p.phone
            ) END,
            'email', CASE WHEN p.email <> '' AND p.email <> c.email AND {email_wins} THEN jsonb_build_object(
                'was', c.email, 'hash', encode(c.email_hash, 'hex'), 'now', p.email
            ) END,
            'names', {names},
            'consent', {consent}
        ))
        FROM contacts_contact AS c WHERE c.id = p.contact_id
    ) END
"""
_NAMES = """(
    SELECT jsonb_agg(jsonb_build_array(n.namespace, n.value))
    FROM import_name AS n LEFT JOIN contacts_identity AS o USING (namespace, value)
    WHERE n.row = p.row AND o.id IS NULL
)"""
_CONSENT = """CASE WHEN p.consents THEN jsonb_build_object('was', (
    SELECT s.status FROM contacts_consent AS s
    WHERE s.contact_id = c.id AND s.channel = %(channel)s AND s.topic = %(topic)s
)) END"""

# `c` is the contact, `k` the record. A contact that this import made is as it was made: both times are one.
_IS_AS_MADE = """
    CASE
        WHEN EXISTS (SELECT FROM contacts_contactmerge AS m WHERE m.contact_id = c.id) THEN 'merged'
        WHEN c.updated_at <> c.created_at THEN 'changed'
        WHEN EXISTS (
            SELECT FROM contacts_consent AS s WHERE s.contact_id = c.id AND s.status = 'unsubscribed'
        ) THEN 'refused'
        WHEN EXISTS (
            SELECT FROM contacts_consentevent AS s WHERE s.contact_id = c.id AND s.at <> c.created_at
        ) THEN 'consents'
        WHEN EXISTS (
            SELECT FROM contacts_identity AS i WHERE i.contact_id = c.id AND i.created_at <> c.created_at
        ) THEN 'identities'
        {uses}
        ELSE ''
    END
"""
_STANDS = """
    s.contact_id = c.id AND s.channel = %(channel)s AND s.topic = %(topic)s
    AND s.status = %(status)s AND s.changed_at = (k.before ->> 'at')::timestamptz
"""
_IS_AS_LEFT = f"""
    CASE
        WHEN EXISTS (
            SELECT FROM jsonb_each(k.before -> 'attributes') AS d
            WHERE c.attributes -> d.key IS DISTINCT FROM d.value -> 'now'
        ) OR c.phone <> COALESCE(k.before -> 'phone' ->> 'now', c.phone)
          OR c.email <> COALESCE(k.before -> 'email' ->> 'now', c.email) THEN 'changed'
        WHEN k.before ? 'consent' AND %(status)s = 'unsubscribed' THEN 'refused'
        WHEN k.before ? 'consent' AND NOT EXISTS (SELECT FROM contacts_consent AS s WHERE {_STANDS})
            THEN 'consents'
        ELSE ''
    END
"""
_VERDICTS = """
    SELECT k.key AS id, k.is_new, k.before, c.erased_at IS NULL AND c.id IS NOT NULL AS is_there,
        CASE
            WHEN c.id IS NULL THEN 'gone'
            WHEN c.merged_into IS NOT NULL THEN 'merged'
            WHEN c.erased_at IS NOT NULL THEN 'erased'
            WHEN k.is_new THEN {made}
            ELSE {left}
        END AS reason
    FROM contacts_importkey AS k LEFT JOIN contacts_contact AS c ON c.id = k.key
    WHERE k.import_file_id = %(import_id)s AND k.kept = '' AND (k.is_new OR k.before IS NOT NULL)
"""
_IN_HAND = """
    SELECT key FROM contacts_importkey
    WHERE import_file_id = %(import_id)s AND key > %(after)s AND kept = '' AND (is_new OR before IS NOT NULL)
    ORDER BY key LIMIT %(limit)s
"""
_LOCK = "SELECT id FROM contacts_contact WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE"
_RESTORE = """
    UPDATE contacts_contact AS c SET
        attributes = (c.attributes - t.keys) || t.was,
        phone = CASE WHEN t.phone_back THEN t.before -> 'phone' ->> 'was' ELSE c.phone END,
        phone_hash = CASE
            WHEN t.phone_back THEN decode(t.before -> 'phone' ->> 'hash', 'hex') ELSE c.phone_hash
        END,
        email = CASE WHEN t.email_back THEN t.before -> 'email' ->> 'was' ELSE c.email END,
        email_hash = CASE
            WHEN t.email_back THEN decode(t.before -> 'email' ->> 'hash', 'hex') ELSE c.email_hash
        END,
        updated_at = %(now)s
    FROM (
        SELECT u.id, u.before, back.keys, back.was,
            COALESCE(o.phone = u.before -> 'phone' ->> 'now', false) AS phone_back,
            COALESCE(o.email = u.before -> 'email' ->> 'now', false) AS email_back
        FROM import_undo AS u JOIN contacts_contact AS o ON o.id = u.id
        CROSS JOIN LATERAL (
            SELECT COALESCE(array_agg(d.key), '{}') AS keys,
                COALESCE(
                    jsonb_object_agg(d.key, d.value -> 'was') FILTER (WHERE d.value ? 'was'), '{}'
                ) AS was
            FROM jsonb_each(u.before -> 'attributes') AS d
            WHERE o.attributes -> d.key = d.value -> 'now'
        ) AS back
        WHERE NOT u.is_new AND u.is_there
    ) AS t
    WHERE c.id = t.id
"""
# Not the address that is written to, which somebody has chosen meanwhile.
_NAMES_AWAY = """
    DELETE FROM contacts_identity AS i
    USING import_undo AS u JOIN contacts_contact AS c ON c.id = u.id
    CROSS JOIN LATERAL jsonb_array_elements(u.before -> 'names') AS n
    WHERE NOT u.is_new AND u.is_there AND i.contact_id = u.id
      AND i.namespace = n ->> 0 AND i.value = n ->> 1 AND NOT (i.namespace = 'email' AND i.value = c.email)
"""
# Who had said nothing before stands nowhere again; the ledger, which is only added to, says that it ended.
_CONSENTS_BACK = f"""
    WITH taken AS (
        SELECT s.id, s.contact_id, k.before -> 'consent' ->> 'was' AS was
        FROM import_undo AS k JOIN contacts_contact AS c ON c.id = k.id
        JOIN contacts_consent AS s ON {_STANDS}
        WHERE NOT k.is_new AND k.is_there AND k.before ? 'consent' AND %(status)s <> 'unsubscribed'
    ), back AS (
        UPDATE contacts_consent AS s SET status = taken.was, changed_at = %(now)s
        FROM taken WHERE s.id = taken.id AND taken.was IS NOT NULL
    ), ended AS (
        DELETE FROM contacts_consent AS s USING taken WHERE s.id = taken.id AND taken.was IS NULL
    )
    INSERT INTO contacts_consentevent (contact_id, channel, topic, status, at, basis, source, wording, by_id)
    SELECT contact_id, %(channel)s, %(topic)s, COALESCE(was, 'unsubscribed'), %(now)s, '{UNDONE}', '', '',
        %(by)s
    FROM taken ORDER BY contact_id
"""
_REMOVED = "SELECT id FROM import_undo WHERE is_new AND reason = ''"
_REST = """
    DELETE FROM contacts_importkey AS k USING import_undo AS u
    WHERE k.import_file_id = %(import_id)s AND k.key = u.id AND u.reason = '';
    UPDATE contacts_importkey AS k SET kept = u.reason, before = NULL FROM import_undo AS u
    WHERE k.import_file_id = %(import_id)s AND k.key = u.id AND u.reason <> ''
"""


@dataclass(frozen=True)
class Verdict:
    """How many contacts of one kind (made by the import, or changed) have one reason to stay; '' is none."""

    is_new: bool
    reason: str
    count: int


def reason_label(reason: str) -> Text:
    """Return what people are told of a reason."""
    known = REASONS.get(reason)
    move = dict(moves.items()).get(reason)
    return known or (move.label if move and move.label else _("In use"))


def before_sql(*, fragments: Mapping[str, str], has_names: bool, has_consent: bool) -> str:
    """Return the expression for what a contact of the plan `p` is before the plan is carried out."""
    names = _NAMES if has_names else "NULL::jsonb"
    consent = _CONSENT if has_consent else "NULL::jsonb"
    return _BEFORE.format(**fragments, names=names, consent=consent)


def verdicts(*, import_id: int, consent: dict[str, str]) -> list[Verdict]:
    """Count what taking the import back would do now."""
    sql = f"SELECT is_new, reason, count(*) FROM ({_verdicts_sql()}) AS u GROUP BY 1, 2 ORDER BY 1, 2"
    with connection.cursor() as cursor:
        cursor.execute(sql, {**_consent(consent), "import_id": import_id})
        return [Verdict(*row) for row in cursor.fetchall()]


def take_back(
    *, import_id: int, consent: dict[str, str], after: int, limit: int, by: User | None, now: datetime
) -> tuple[int | None, list[Verdict]]:
    """
    Take back what the import did to the next contacts, in the caller's transaction.

    Return the last of them, None if there was none left, and what became of them.
    """
    told: dict[str, Any] = {"import_id": import_id, "by": by.pk if by else None, "now": now}
    told |= _consent(consent)
    with connection.cursor() as cursor:
        cursor.execute(_IN_HAND, {**told, "after": after, "limit": limit})
        ids = [key for (key,) in cursor.fetchall()]
        if not ids:
            return None, []
        told["ids"] = ids
        cursor.execute(_LOCK, told)
        cursor.execute("DROP TABLE IF EXISTS pg_temp.import_undo")
        cursor.execute(
            "CREATE TEMPORARY TABLE import_undo ON COMMIT DROP AS "
            f"{_verdicts_sql()} AND k.key = ANY(%(ids)s)",
            told,
        )
        cursor.execute(_CONSENTS_BACK, told)
        cursor.execute(_RESTORE, told)
        cursor.execute(_NAMES_AWAY, told)
        _remove(cursor)
        for statement in _REST.split(";"):
            cursor.execute(statement, told)
        cursor.execute("SELECT is_new, reason, count(*) FROM import_undo GROUP BY 1, 2")
        return ids[-1], [Verdict(*row) for row in cursor.fetchall()]


def _remove(cursor: CursorWrapper) -> None:
    """Delete the contacts that are as the import made them, with what goes along with a contact."""
    tables = [move.table for move in moves if move.goes_along]
    for table, column in [*((table, "contact_id") for table in tables), ("contacts_contact", "id")]:
        cursor.execute(f"DELETE FROM {table} WHERE {column} IN ({_REMOVED})")


def _verdicts_sql() -> str:
    uses = " ".join(
        f"WHEN {move.is_there} THEN '{name}'" for name, move in moves.items() if not move.goes_along
    )
    return _VERDICTS.format(made=_IS_AS_MADE.format(uses=uses), left=_IS_AS_LEFT)


def _consent(consent: dict[str, str]) -> dict[str, str]:
    return {name: consent.get(name, "") for name in ("channel", "topic", "status")}
