"""The names of events that have been seen, each with its properties. `eventlog` tells it what it writes."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import orjson
from django.conf import settings
from django.db import transaction

from apps.contacts.models import EventType

MAX_KNOWN_PROPERTIES = 200  # per event name; a hostile source cannot fill the catalogue
MAX_REMEMBERED = 1_000
# Last-seen times are for people: to move them with each batch would make all writers wait for one row.
SEEN_EVERY = timedelta(minutes=1)

# When each name was asked for, and what there was: no single event shall pay a query for what seldom changes.
_memory: dict[str, tuple[float, EventType]] = {}


class Kept(Protocol):
    """An event that was written; `properties` is JSON."""

    @property
    def name(self) -> str: ...
    @property
    def occurred_at(self) -> datetime: ...
    @property
    def properties(self) -> str: ...


@dataclass
class _Seen:
    first: datetime
    last: datetime
    properties: dict[str, str]


def see(rows: Sequence[Kept]) -> None:
    """Add to the catalogue what is new there, and now and then when a name was last seen."""
    if not rows:
        return
    seen: dict[str, _Seen] = {}
    for row in rows:
        entry = seen.setdefault(row.name, _Seen(row.occurred_at, row.occurred_at, {}))
        entry.first = min(entry.first, row.occurred_at)
        entry.last = max(entry.last, row.occurred_at)
        entry.properties |= {key: _json_type(value) for key, value in orjson.loads(row.properties).items()}
    known = _known(seen)
    _types_add({name: entry for name, entry in seen.items() if name not in known})
    for name in sorted(known):
        if _is_news(known[name], seen[name]):
            _type_update(name, seen[name])
            _memory.pop(name, None)


def forget() -> None:
    """Ask again with the next event: this process has changed the catalogue itself."""
    _memory.clear()


def _known(names: Collection[str]) -> dict[str, EventType]:
    """Return what the catalogue has of these names, which may be as old as a schema may be."""
    oldest = time.monotonic() - settings.EVENT_SCHEMAS_FRESH_SECONDS
    known = {name: found[1] for name in names if (found := _memory.get(name)) and found[0] >= oldest}
    if asked := [name for name in names if name not in known]:
        if len(_memory) + len(asked) > MAX_REMEMBERED:
            _memory.clear()
        for event_type in EventType.objects.filter(name__in=asked):
            known[event_type.name] = event_type
            _memory[event_type.name] = (time.monotonic(), event_type)
    return known


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


# A transaction of its own, where the caller's one statement needed none.
@transaction.atomic
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
