"""What the builder offers to choose from."""

from collections.abc import Collection

from django.db import connection

from apps.contacts.models import EventType

PEOPLE = 2_000  # the latest contacts tell which values are usual
VALUES = 30
EVENTS = 500


def events_known() -> dict[str, dict[str, str]]:
    """
    Return the names of events seen, the latest first, each with its properties and their types.

    What a schema says of a property goes before how it was seen last.
    """
    seen = EventType.objects.order_by("-last_seen_at")
    return {
        name: properties | {field["name"]: field["type"] for field in fields or []}
        for name, properties, fields in seen.values_list("name", "properties", "schema__fields")[:EVENTS]
    }


def values_known(keys: Collection[str]) -> dict[str, list[str]]:
    """Return the most frequent values of these attributes among the latest contacts; one query."""
    found: dict[str, list[str]] = {}
    if not keys:
        return found
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT key, value FROM (
                SELECT key, attributes->>key AS value,
                       row_number() OVER (PARTITION BY key ORDER BY count(*) DESC, attributes->>key) AS place
                FROM (
                    SELECT attributes FROM contacts_contact WHERE erased_at IS NULL ORDER BY id DESC LIMIT %s
                ) AS latest, unnest(%s::text[]) AS key
                WHERE attributes->>key IS NOT NULL
                GROUP BY key, attributes->>key
            ) AS counted
            WHERE place <= %s ORDER BY key, place
            """,
            [PEOPLE, list(keys), VALUES],
        )
        for key, value in cursor.fetchall():
            found.setdefault(key, []).append(value[:100])
    return found
