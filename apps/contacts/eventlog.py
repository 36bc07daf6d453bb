"""The statements that write events in sets. `services.events` calls these; nothing else writes events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from django.db import connection

from apps.contacts.models import Event, EventType

TABLE = Event._meta.db_table
MAX_KNOWN_PROPERTIES = 200  # per event name; a hostile source cannot fill the catalogue
# Last-seen times are for people: to move them with each batch would make all writers wait for one row.
SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Row:
    """One event as it is written: `properties` is JSON, `message_key` the digest of the message id."""

    name: str
    occurred_at: datetime
    properties: str
    message_key: UUID
    identity: tuple[str, str] | None
    contact_id: int | None


def receipts_take(keys: set[tuple[int, UUID]], *, now: datetime) -> set[tuple[int, UUID]]:
    """Claim the message ids of these contacts; return those that nobody had taken before."""
    if not keys:
        return set()
    ordered = sorted(keys)  # all writers lock in this order
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO contacts_eventreceipt (contact_id, message_key, received_at)
            SELECT contact_id, message_key, %s
            FROM unnest(%s::bigint[], %s::uuid[]) AS t(contact_id, message_key)
            ON CONFLICT DO NOTHING RETURNING contact_id, message_key
            """,
            [now, [contact for contact, _key in ordered], [key for _contact, key in ordered]],
        )
        return set(cursor.fetchall())


def first_takes(keys: Mapping[int, tuple[int, UUID]], *, now: datetime) -> set[int]:
    """Claim the message id at each place; return the places of the first comers, also among themselves."""
    fresh = receipts_take(set(keys.values()), now=now)
    places = set()
    for place, key in keys.items():
        if key in fresh:
            fresh.discard(key)  # the same message id may stand in one call twice
            places.add(place)
    return places


def insert(rows: Sequence[tuple[int, Row]], *, source: str, now: datetime) -> None:
    """Write the events, each with the contact whose it is, in one statement."""
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO contacts_event
                (contact_id, name, occurred_at, received_at, properties, source, message_key)
            SELECT contact_id, name, occurred_at, %s, properties::jsonb, %s, message_key
            FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::text[], %s::uuid[])
                AS t(contact_id, name, occurred_at, properties, message_key)
            """,
            [
                now,
                source[:64],
                [contact for contact, _row in rows],
                [row.name for _contact, row in rows],
                [row.occurred_at for _contact, row in rows],
                [row.properties for _contact, row in rows],
                [row.message_key for _contact, row in rows],
            ],
        )


@dataclass
class _Seen:
    first: datetime
    last: datetime
    properties: dict[str, str]


def types_see(rows: Sequence[Row]) -> None:
    """Add to the catalogue of events what is new there, and now and then when a name was last seen."""
    seen: dict[str, _Seen] = {}
    for row in rows:
        entry = seen.setdefault(row.name, _Seen(row.occurred_at, row.occurred_at, {}))
        entry.first = min(entry.first, row.occurred_at)
        entry.last = max(entry.last, row.occurred_at)
        entry.properties |= {key: _json_type(value) for key, value in orjson.loads(row.properties).items()}
    known = {event_type.name: event_type for event_type in EventType.objects.filter(name__in=seen)}
    _types_add({name: entry for name, entry in seen.items() if name not in known})
    for name in sorted(known):
        if _is_news(known[name], seen[name]):
            _type_update(name, seen[name])


def _is_news(event_type: EventType, seen: _Seen) -> bool:
    has_room = len(event_type.properties) < MAX_KNOWN_PROPERTIES
    return (
        seen.first < event_type.first_seen_at
        or seen.last > event_type.last_seen_at + SEEN_EVERY
        or (has_room and not seen.properties.keys() <= event_type.properties.keys())
    )


def _types_add(new: Mapping[str, _Seen]) -> None:
    EventType.objects.bulk_create(
        [
            EventType(
                name=name,
                first_seen_at=seen.first,
                last_seen_at=seen.last,
                properties=dict(sorted(seen.properties.items())[:MAX_KNOWN_PROPERTIES]),
            )
            for name, seen in sorted(new.items())  # all writers in this order
        ],
        ignore_conflicts=True,
    )


def _type_update(name: str, seen: _Seen) -> None:
    # Somebody else is writing the same row: what is left out now comes with the next event.
    free = EventType.objects.select_for_update(skip_locked=True).filter(name=name).first()
    if free is None:
        return
    merged = {**free.properties, **seen.properties}
    free.properties = dict(list(merged.items())[:MAX_KNOWN_PROPERTIES])
    free.first_seen_at = min(seen.first, free.first_seen_at)
    free.last_seen_at = max(seen.last, free.last_seen_at)
    free.save(update_fields=["properties", "first_seen_at", "last_seen_at"])


def _json_type(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "text"
        case list():
            return "list"
    return "object"
