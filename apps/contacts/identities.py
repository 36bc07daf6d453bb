"""
The statements that find contacts by identity, and make those that nobody knows. Services call these.

Identities are written in sorted order: of two transactions that meet the same stranger, one waits for the
other, and neither waits in a circle.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import IntegrityError, connection

from apps.contacts.addresses import address_hash
from apps.contacts.models import CompanyIdentity, Identity
from apps.core import prepared

Name = tuple[str, str]


class IdentityTaken(IntegrityError):
    """Somebody else has made one of the identities since it was looked up: look again."""


# A statement's identities are checked against the contacts once all of it is done.
_CREATE = """
    WITH wanted AS (
        SELECT nextval(pg_get_serial_sequence('contacts_contact', 'id')) AS id, t.*
        FROM (
            SELECT * FROM unnest(%(namespaces)s::text[], %(values)s::text[], %(hashes)s::bytea[])
                AS t(namespace, value, hash)
            ORDER BY 1, 2
        ) AS t
    ), named AS (
        INSERT INTO contacts_identity (contact_id, namespace, value, created_at)
        SELECT id, namespace, value, %(now)s FROM wanted
        ON CONFLICT DO NOTHING RETURNING contact_id, namespace, value
    ), made AS (
        INSERT INTO contacts_contact (id, created_at, updated_at, email, email_hash)
        SELECT id, %(now)s, %(now)s, CASE WHEN hash IS NULL THEN '' ELSE value END, hash
        FROM wanted WHERE id IN (SELECT contact_id FROM named)
    )
    SELECT namespace, value, contact_id FROM named
"""

_RESOLVE = """
    SELECT i.namespace, i.value, i.contact_id, c.merged_into IS NOT NULL
    FROM contacts_identity AS i
    JOIN unnest(%s::text[], %s::text[]) AS wanted(namespace, value) USING (namespace, value)
    JOIN contacts_contact AS c ON c.id = i.contact_id
"""

# Read from the unique index by hops: a DISTINCT would read every identity there is.
_NAMESPACES = """
    WITH RECURSIVE one (namespace) AS (
        SELECT min(namespace) FROM {table}
        UNION ALL
        SELECT (SELECT min(it.namespace) FROM {table} AS it WHERE it.namespace > one.namespace)
        FROM one WHERE one.namespace IS NOT NULL
    )
    SELECT namespace FROM one WHERE namespace IS NOT NULL
"""

_LIVING = """
    WITH RECURSIVE step (told, id, next) AS (
        SELECT id, id, merged_into FROM contacts_contact WHERE id = ANY(%s)
        UNION ALL
        SELECT step.told, c.id, c.merged_into FROM step JOIN contacts_contact AS c ON c.id = step.next
    )
    SELECT told, id FROM step WHERE next IS NULL
"""


def resolve(names: Collection[Name]) -> dict[Name, int]:
    """Return the contact of each identity that is known, in one query."""
    if not names:
        return {}
    rows = prepared.execute(_RESOLVE, _columns(names))
    # A name given while its contact was being merged stays with the one that is gone: it means the one kept.
    stands_for = existing({contact for _space, _value, contact, is_merged in rows if is_merged})
    return {(space, value): stands_for.get(contact, contact) for space, value, contact, _merged in rows}


def existing(ids: Collection[int]) -> dict[int, int]:
    """
    Return of each of these numbers that is a contact's the contact that it stands for now.

    That is the same one, or the one that it was merged into, by as many steps as that took.
    """
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_LIVING, [list(ids)])
        return dict(cursor.fetchall())


def resolve_or_create(names: Collection[Name], *, now: datetime) -> dict[Name, int]:
    """Return the contact of each identity; strangers are made, with the address if it is one."""
    known = resolve(names)
    missing = [name for name in names if name not in known]
    if missing:
        known |= _create(missing, now=now)
        # What a concurrent transaction made in the meantime; its rows are visible once it has committed.
        known |= resolve([name for name in missing if name not in known])
    return known


def _create(names: Collection[Name], *, now: datetime) -> dict[Name, int]:
    namespaces, values = _columns(names)
    hashes = [
        address_hash(value) if namespace == Identity.EMAIL else None
        for namespace, value in zip(namespaces, values, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(_CREATE, {"namespaces": namespaces, "values": values, "hashes": hashes, "now": now})
        return {(namespace, value): contact for namespace, value, contact in cursor.fetchall()}


def namespaces_known(model: type[Identity | CompanyIdentity]) -> list[str]:
    """Return the namespaces in use, in order."""
    with connection.cursor() as cursor:
        cursor.execute(_NAMESPACES.format(table=model._meta.db_table))
        return [namespace for (namespace,) in cursor.fetchall()]


def namespaces_of(ids: Collection[int]) -> dict[int, set[str]]:
    """Return of each contact the namespaces in which it has a name."""
    found: dict[int, set[str]] = {contact: set() for contact in ids}
    rows = Identity.objects.filter(contact__in=found).values_list("contact_id", "namespace").distinct()
    for contact, namespace in rows:
        found[contact].add(namespace)
    return found


def add(names: Mapping[Name, int], *, now: datetime) -> dict[int, int]:
    """
    Write these identities; return the contact of each stranger.

    The value is the contact, or a negative number that stands for one who is made now.

    :raises IdentityTaken: one of them is somebody's already; nothing of this may be kept
    """
    strangers = _strangers_make({contact for contact in names.values() if contact < 0}, now=now)
    ordered = sorted(names)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO contacts_identity (contact_id, namespace, value, created_at) "
            "SELECT contact_id, namespace, value, %s "
            "FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS t(contact_id, namespace, value) "
            "ON CONFLICT DO NOTHING",
            [now, [strangers.get(names[name], names[name]) for name in ordered], *_columns(ordered)],
        )
        if cursor.rowcount != len(ordered):
            raise IdentityTaken
    return strangers


def _strangers_make(numbers: Collection[int], *, now: datetime) -> dict[int, int]:
    if not numbers:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO contacts_contact (created_at, updated_at) "
            "SELECT %s, %s FROM generate_series(1, %s) RETURNING id",
            [now, now, len(numbers)],
        )
        return dict(zip(sorted(numbers), (contact for (contact,) in cursor.fetchall()), strict=True))


def _columns(names: Collection[Name]) -> list[list[str]]:
    ordered = sorted(names)
    return [[namespace for namespace, _value in ordered], [value for _namespace, value in ordered]]
