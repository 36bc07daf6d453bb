"""Names of events as their pages show them: what arrives, what it carries, and what does not fit."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from apps.contacts.eventfields import MAX_FIELDS, Field, FieldType, Reason, fields_of_data, type_joined
from apps.contacts.models import EventSample, EventSchema, EventTally, EventType, EventViolation, HeldEvent

WINDOWS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}
SAMPLED = 1_000  # events looked at for the fields that they carry, whatever there are
SAMPLES_SHOWN = 20
HELD_COUNTED_TO = 100_000
STATES = ("undescribed", "checked", "violations", "quarantine")

_FIELDS = """
    WITH sample AS MATERIALIZED (
        SELECT properties FROM contacts_event WHERE name = %s ORDER BY occurred_at DESC LIMIT %s
    ), told AS (
        SELECT key, CASE jsonb_typeof(value)
            WHEN 'string' THEN CASE
                WHEN value #>> '{}' ~ '^\\d{4}-\\d\\d-\\d\\d$' THEN 'date'
                WHEN value #>> '{}' ~ '^\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d' THEN 'datetime'
                ELSE 'text' END
            WHEN 'array' THEN 'list' ELSE jsonb_typeof(value) END AS type
        FROM sample, jsonb_each(CASE jsonb_typeof(properties) WHEN 'object' THEN properties ELSE '{}' END)
        WHERE jsonb_typeof(value) <> 'null'
    )
    SELECT key, array_agg(type ORDER BY count DESC, type), sum(count), (SELECT count(*) FROM sample)
    FROM (SELECT key, type, count(*) AS count FROM told GROUP BY key, type) AS counted
    GROUP BY key ORDER BY 3 DESC, key LIMIT %s
"""
# A sample says where the event is; it is read where it stands, and is gone with it.
_SAMPLES = """
    SELECT s.field, s.reason, s.at, s.contact_id, e.properties, e.source
    FROM contacts_eventsample AS s
    JOIN LATERAL (
        SELECT properties, source FROM contacts_event AS e
        WHERE e.contact_id = s.contact_id AND e.occurred_at = s.occurred_at
          AND e.message_key = s.message_key
        LIMIT 1
    ) AS e ON true
    WHERE s.event_type_id = %s AND s.at > %s ORDER BY s.at DESC, s.id DESC LIMIT %s
"""


@dataclass(frozen=True)
class Arrived:
    """How many events came in the last hour, day and week; of the week also how many late or ahead."""

    hour: int = 0
    day: int = 0
    week: int = 0
    late: int = 0
    ahead: int = 0


@dataclass(frozen=True)
class FieldSeen:
    """One field of the latest events: in what share of them, of which types, the most frequent first."""

    name: str
    types: Sequence[FieldType]
    count: int
    of: int

    @property
    def share(self) -> float:
        return self.count / self.of

    @property
    def type(self) -> FieldType:
        return type_joined(set(self.types))

    @property
    def labels(self) -> list[str]:
        return [str(one.label) for one in self.types]

    def as_field(self) -> Field:
        return Field(self.name, self.type, self.count == self.of)


@dataclass(frozen=True)
class ViolationLine:
    """How often one field did not fit in one way: today (UTC), in a week, and as long as it is kept."""

    field: str
    reason: Reason
    today: int
    week: int
    kept: int  # in all days that are kept


@dataclass(frozen=True)
class SampleShown:
    """One event that did not fit and was kept."""

    field: str
    reason: Reason
    at: datetime
    contact_id: int
    properties: dict[str, Any]
    source: str


def event_types(
    *, now: datetime, search: str = "", state: str = "", silent_for: timedelta | None = None
) -> QuerySet[EventType]:
    """
    Return names of events, not yet ordered, each with its `schema` if it has one.

    `state` is one of `STATES` or empty; `silent_for` leaves those of which nothing has come for so long.
    """
    found = EventType.objects.select_related("schema", "schema__owner")
    if search:
        found = found.filter(Q(name__icontains=search) | Q(schema__label__icontains=search))
    match state:
        case "undescribed":
            found = found.filter(Q(schema=None) | Q(schema__label=""))
        case "checked":
            found = found.filter(schema__isnull=False).exclude(schema__mode=EventSchema.Mode.OFF)
        case "violations":
            lately = EventViolation.objects.filter(
                event_type=OuterRef("pk"), date__gt=(now - WINDOWS["week"]).date()
            )
            found = found.filter(Exists(lately))
        case "quarantine":
            found = found.filter(Exists(HeldEvent.objects.filter(event_type=OuterRef("pk"))))
    return found.filter(last_seen_at__lt=now - silent_for) if silent_for else found


def event_types_named(names: Collection[str]) -> dict[str, EventType]:
    """Return the catalogue's entries of these names, each with its `schema` if it has one; one query."""
    found = EventType.objects.select_related("schema").filter(name__in=names)
    return {event_type.name: event_type for event_type in found}


def events_arrived(names: Collection[str], *, now: datetime) -> dict[str, Arrived]:
    """Return what arrived under each of these names, counted to the minute by a worker; one query."""
    rows = _tallied(names, "name", now=now)
    return {row.pop("name"): Arrived(**row) for row in rows}


def event_arrived_by_source(name: str, *, now: datetime) -> dict[str, Arrived]:
    """Return what arrived under this name by source, the busiest first."""
    rows = _tallied([name], "source", now=now)
    return {row.pop("source"): Arrived(**row) for row in sorted(rows, key=lambda row: -row["week"])}


def event_fields_seen(name: str) -> list[FieldSeen]:
    """Return the fields of the latest `SAMPLED` events of a name, the most frequent first; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_FIELDS, [name, SAMPLED, MAX_FIELDS])
        return [
            FieldSeen(key, [FieldType(one) for one in types], int(count), of)
            for key, types, count, of in cursor.fetchall()
        ]


def event_fields(event_type: EventType) -> tuple[list[Field], int]:
    """Return the fields of the schema and its version; while nobody has said any, those seen, and 0."""
    schema = EventSchema.objects.filter(event_type=event_type).first()
    if schema is not None and schema.version:
        return fields_of_schema(schema), schema.version
    return [seen.as_field() for seen in event_fields_seen(event_type.name)], 0


def fields_of_schema(schema: EventSchema | None) -> list[Field]:
    return fields_of_data(schema.fields) if schema else []


def event_violations(event_type: EventType, *, now: datetime) -> list[ViolationLine]:
    """Return what did not fit, the most frequent of the week first."""
    today = now.date()
    rows = (
        EventViolation.objects.filter(event_type=event_type)
        .values("field", "reason")
        .annotate(
            today=Sum("count", filter=Q(date=today), default=0),
            week=Sum("count", filter=Q(date__gt=today - WINDOWS["week"]), default=0),
            kept=Sum("count"),
        )
        .order_by("-week", "-kept", "field", "reason")[: 2 * MAX_FIELDS]
    )
    return [
        ViolationLine(row["field"], Reason(row["reason"]), row["today"], row["week"], row["kept"])
        for row in rows
    ]


def event_violations_by_day(event_type: EventType, *, since: datetime) -> list[dict[str, Any]]:
    """Return (date, field, reason, count) from a day on, the latest first."""
    rows = EventViolation.objects.filter(event_type=event_type, date__gte=since.date())
    summed = rows.values("date", "field", "reason").annotate(count=Sum("count"))
    return [{**row} for row in summed.order_by("-date", "field", "reason")]


def violations_of(shown: Collection[EventType], *, now: datetime) -> dict[int, int]:
    """Return by id how many violations there were in a week; one query."""
    rows = EventViolation.objects.filter(
        event_type__in=shown, date__gt=(now - WINDOWS["week"]).date()
    ).values_list("event_type")
    return dict(rows.annotate(Sum("count")).order_by())


def event_samples(event_type: EventType, *, now: datetime) -> list[SampleShown]:
    """Return the latest events that did not fit and were kept."""
    with connection.cursor() as cursor:
        cursor.execute(_SAMPLES, [event_type.pk, now - EventSample.KEPT_FOR, SAMPLES_SHOWN])
        rows = cursor.fetchall()
    return [
        SampleShown(name, Reason(reason), at, contact, orjson.loads(properties), source)
        for name, reason, at, contact, properties, source in rows
    ]


def held_events(event_type: EventType) -> QuerySet[HeldEvent]:
    """Return the events of a name in quarantine, not yet ordered; they are released by id."""
    return HeldEvent.objects.filter(event_type=event_type)


def held_count(event_type: EventType) -> int:
    """Return how many wait, up to `HELD_COUNTED_TO`."""
    return held_events(event_type).order_by()[:HELD_COUNTED_TO].count()


def _tallied(names: Collection[str], by: str, *, now: datetime) -> list[dict[str, Any]]:
    sums = {one: Sum("count", filter=Q(at__gt=now - span), default=0) for one, span in WINDOWS.items()}
    rows = EventTally.objects.filter(name__in=names, at__gt=now - WINDOWS["week"]).values(by)
    return [{**row} for row in rows.annotate(**sums, late=Sum("late"), ahead=Sum("ahead")).order_by(by)]


def event_labels() -> dict[str, str]:
    """Return the business names of events by the name under which they arrive; of those that have one."""
    described = EventSchema.objects.exclude(label="")
    return dict(described.values_list("event_type__name", "label"))
