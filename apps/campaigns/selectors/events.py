from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from apps.contacts.models import EventType

LATELY = timedelta(days=30)
# Enough to know that an event arrives; counting ten million would only cost.
COUNTED_TO = 1000
OFFERED = 50


@dataclass(frozen=True)
class EventSeen:
    """An event that can be picked as a goal; `count` is that of the last 30 days, up to `COUNTED_TO`."""

    name: str
    last_seen_at: datetime
    properties: dict[str, str]
    count: int

    @property
    def is_capped(self) -> bool:
        return self.count >= COUNTED_TO

    @property
    def numbers(self) -> list[str]:
        """The properties that can carry a value."""
        return sorted(name for name, kind in self.properties.items() if kind == "number")


def events_seen(now: datetime) -> list[EventSeen]:
    """Return the events that arrive, the latest first."""
    kinds = list(EventType.objects.order_by("-last_seen_at")[:OFFERED])
    counts = _counts([kind.name for kind in kinds], since=now - LATELY)
    return [
        EventSeen(kind.name, kind.last_seen_at, kind.properties, counts.get(kind.name, 0)) for kind in kinds
    ]


def _counts(names: list[str], *, since: datetime) -> dict[str, int]:
    # The inner LIMIT bounds what is read of each name, however much there is of it.
    query = """
        SELECT wanted.name, (
            SELECT count(*) FROM (
                SELECT 1 FROM contacts_event
                WHERE contacts_event.name = wanted.name AND occurred_at >= %s LIMIT %s
            ) AS lately
        ) FROM unnest(%s::text[]) AS wanted(name)
    """
    with connection.cursor() as cursor:
        cursor.execute(query, [since, COUNTED_TO, names])
        return dict(cursor.fetchall())
