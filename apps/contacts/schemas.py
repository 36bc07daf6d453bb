"""The schemas that are enforced, in the memory of this process: each event is held against them."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.db import connection

from apps.contacts.eventfields import Check, Unfit, checks, fields_of_data, unfit
from apps.contacts.models import EventSchema

Mode = EventSchema.Mode
# Every change of a schema moves one of these, whatever order changes are committed in.
_STAMP = (
    "SELECT count(*), COALESCE(sum(version), 0), max(updated_at) FROM contacts_eventschema WHERE mode <> %s"
)
Stamp = tuple[object, ...]


@dataclass(frozen=True)
class Verdict:
    """An event that does not fit, by the schema of its name; a `held` one goes to quarantine."""

    event_type_id: int
    unfit: tuple[Unfit, ...]
    is_held: bool


@dataclass(frozen=True)
class _Rules:
    event_type_id: int
    is_held: bool
    checks: tuple[Check, ...]


@dataclass
class _Known:
    """What was read last. Replaced as a whole, so that threads see the old or the new."""

    stamp: Stamp = ()
    rules: Mapping[str, _Rules] = field(default_factory=dict)
    asked_at: float | None = None


_known = _Known()


def verdict(name: str, properties: Mapping[str, object]) -> Verdict | None:
    """
    Return what does not fit about an event; None if it fits, or nobody wants to know.

    Once in `EVENT_SCHEMAS_FRESH_SECONDS` the database is asked whether a schema has changed: so long a change
    may take to be heeded by all processes.
    """
    asked_at = _known.asked_at
    if asked_at is None or time.monotonic() - asked_at > settings.EVENT_SCHEMAS_FRESH_SECONDS:
        _refresh()
    rules = _known.rules.get(name)
    if rules is None:
        return None
    found = unfit(rules.checks, properties)
    return Verdict(rules.event_type_id, found, rules.is_held) if found else None


def forget() -> None:
    """Ask again with the next event: this process has changed a schema itself."""
    _known.asked_at = None


def _refresh() -> None:
    global _known  # the one memory of the process
    with connection.cursor() as cursor:
        cursor.execute(_STAMP, [Mode.OFF])
        stamp = tuple(cursor.fetchone())
    rules = _known.rules if stamp == _known.stamp else _read()
    _known = _Known(stamp, rules, time.monotonic())


def _read() -> dict[str, _Rules]:
    enforced = EventSchema.objects.exclude(mode=Mode.OFF).select_related("event_type")
    return {
        schema.event_type.name: _Rules(
            schema.event_type_id, schema.mode == Mode.QUARANTINE, checks(fields_of_data(schema.fields))
        )
        for schema in enforced
    }
