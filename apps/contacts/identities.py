"""
The statements that find contacts by identity, and make those that nobody knows. Services call these.

Identities are written before contacts and in sorted order: of two transactions that meet the same stranger,
one waits for the other, and neither waits in a circle.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import connection

from apps.contacts.addresses import address_hash
from apps.contacts.models import Contact, Identity

Name = tuple[str, str]

_CREATE = """
    INSERT INTO contacts_identity (contact_id, namespace, value, created_at)
    SELECT nextval(pg_get_serial_sequence('contacts_contact', 'id')), namespace, value, %s
    FROM (SELECT * FROM unnest(%s::text[], %s::text[]) AS t(namespace, value) ORDER BY 1, 2) AS wanted
    ON CONFLICT DO NOTHING RETURNING contact_id, namespace, value
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
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.namespace, i.value, i.contact_id FROM contacts_identity AS i "
            "JOIN unnest(%s::text[], %s::text[]) AS wanted(namespace, value) USING (namespace, value)",
            _columns(names),
        )
        return {(namespace, value): contact for namespace, value, contact in cursor.fetchall()}


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
    with connection.cursor() as cursor:
        cursor.execute(_CREATE, [now, *_columns(names)])
        made = {(namespace, value): contact for contact, namespace, value in cursor.fetchall()}
    Contact.objects.bulk_create(
        Contact(
            pk=contact,
            email=value if namespace == Identity.EMAIL else "",
            email_hash=address_hash(value) if namespace == Identity.EMAIL else None,
        )
        for (namespace, value), contact in made.items()
    )
    return made


def _columns(names: Collection[Name]) -> list[list[str]]:
    ordered = sorted(names)
    return [[namespace for namespace, _value in ordered], [value for _namespace, value in ordered]]
