"""How an import of contacts is taken back."""

from collections.abc import Collection, Mapping

from django.db.backends.utils import CursorWrapper

from apps.contacts.registries import moves
from apps.contacts.undoing.keys import LEFT, Told, Undoing

UNDONE = "import undone"
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
            'timezone', CASE WHEN p.timezone <> '' AND p.timezone <> c.timezone{and_zone}
                THEN jsonb_build_object('was', c.timezone, 'now', p.timezone) END,
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
          OR c.email <> COALESCE(k.before -> 'email' ->> 'now', c.email)
          OR c.timezone <> COALESCE(k.before -> 'timezone' ->> 'now', c.timezone) THEN 'changed'
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
    WHERE {todo}
"""
LOCK = "SELECT id FROM contacts_contact WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE"
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
        timezone = CASE
            WHEN c.timezone = t.before -> 'timezone' ->> 'now' THEN t.before -> 'timezone' ->> 'was'
            ELSE c.timezone
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
_AS_MADE = """
    SELECT c.id FROM contacts_contact AS c
    WHERE c.id = ANY(%(ids)s) AND c.merged_into IS NULL AND c.erased_at IS NULL AND {made} = ''
"""


def before_sql(*, fragments: Mapping[str, str], has_names: bool, has_consent: bool) -> str:
    """Return the expression for what a contact of the plan `p` is before the plan is carried out."""
    names = _NAMES if has_names else "NULL::jsonb"
    consent = _CONSENT if has_consent else "NULL::jsonb"
    return _BEFORE.format(**fragments, names=names, consent=consent)


def as_made(cursor: CursorWrapper, ids: Collection[int]) -> list[int]:
    """Lock these contacts; return those to whom nothing has happened since they were made."""
    cursor.execute(LOCK, {"ids": list(ids)})
    cursor.execute(_AS_MADE.format(made=made_sql()), {"ids": list(ids)})
    return [pk for (pk,) in cursor.fetchall()]


def remove(cursor: CursorWrapper, ids: Collection[int]) -> None:
    """Delete contacts that are as they were made, with what goes along with a contact."""
    tables = [move.table for move in moves if move.goes_along]
    for table, column in [*((table, "contact_id") for table in tables), ("contacts_contact", "id")]:
        cursor.execute(f"DELETE FROM {table} WHERE {column} = ANY(%s)", [list(ids)])


def _take_back(cursor: CursorWrapper, told: Told) -> int:
    for statement in (_CONSENTS_BACK, _RESTORE, _NAMES_AWAY):
        cursor.execute(statement, told)
    cursor.execute(_REMOVED)
    remove(cursor, [pk for (pk,) in cursor.fetchall()])
    return 0  # they are what the import was about


def _verdicts() -> str:
    return _VERDICTS.format(made=made_sql(), left=_IS_AS_LEFT, todo=LEFT)


def made_sql(*, apart_from: Collection[str] = ()) -> str:
    """Return the expression for why contact `c` is not as made, '' if it is; some `moves` do not count."""
    uses = " ".join(
        f"WHEN {move.is_there} THEN '{name}'"
        for name, move in moves.items()
        if not move.goes_along and name not in apart_from
    )
    return _IS_AS_MADE.format(uses=uses)


CONTACTS = Undoing(verdicts=_verdicts, lock=LOCK, take_back=_take_back)
