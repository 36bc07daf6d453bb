"""Events as lists show them, and the one timeline of everything about a contact."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.contacts.models import ConsentStatus, Contact, Event
from apps.contacts.registries import TimelineEntry, timeline
from apps.contacts.selectors.topics import topic_names

SHOWN_PROPERTIES = 4
AHEAD = timedelta(days=1)  # events may be as far in the future, by the clocks of their senders
LATELY = 2_000
MOST_AT_ONCE = 10_000
_TONES = {ConsentStatus.SUBSCRIBED: "good", ConsentStatus.UNSUBSCRIBED: "bad", ConsentStatus.PENDING: "warn"}


def events(*, name: str = "", source: str = "") -> QuerySet[Event]:
    """Return events, to be read newest first by page: by time, and by id among those of one moment."""
    asked = {"name": name, "source": source}
    return Event.objects.filter(**{field: value for field, value in asked.items() if value})


def event_sources_lately() -> list[str]:
    """Return who has sent the latest events. Not who ever did: that would read them all."""
    latest = Event.objects.order_by("-received_at").values("source")[:LATELY]
    return sorted({row["source"] for row in latest if row["source"]})


@dataclass(frozen=True)
class TimelinePage:
    """Entries, newest first; `older` is the cursor of the next page, '' at the end."""

    entries: Sequence[TimelineEntry]
    older: str


class BadCursor(ValueError):
    """Not a cursor of a timeline."""


def timeline_page(contact: Contact, *, now: datetime, cursor: str = "", size: int = 30) -> TimelinePage:
    """
    Return what happened to the contact, from every room that registered, newest first; a query per source.

    A page begins at a moment, behind as many entries of that very moment as the last page has shown.

    :raises BadCursor: the cursor is not one of ours
    """
    latest = now + AHEAD
    start, skip = _cursor_read(cursor, latest=latest) if cursor else (latest, 0)
    before, limit = start + timedelta(microseconds=1), size + 1 + skip
    sources = [_events(contact, before, limit), _consents(contact, before, limit)]
    sources += [entries(contact, before, limit) for entries in timeline]
    found = [entry for entries in sources for entry in entries]
    found.sort(key=lambda entry: entry.at, reverse=True)  # stable: of one moment, as the source has them
    shown = found[skip : skip + size]
    if len(found) <= skip + size:
        return TimelinePage(shown, "")
    last = shown[-1].at
    met = sum(entry.at == last for entry in shown) + (skip if last == start else 0)
    return TimelinePage(shown, f"{last.astimezone(UTC):%Y%m%dT%H%M%S.%f}-{met}")


def _cursor_read(cursor: str, *, latest: datetime) -> tuple[datetime, int]:
    moment, _dash, skip = cursor.partition("-")
    try:
        at = datetime.strptime(moment, "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)
        shown = int(skip)
    except ValueError as error:
        raise BadCursor(cursor[:100]) from error
    if at > latest or shown < 0:
        raise BadCursor(cursor[:100])
    return at, min(shown, MOST_AT_ONCE)


def _events(contact: Contact, before: datetime, limit: int) -> list[TimelineEntry]:
    found = contact.events.filter(occurred_at__lt=before).order_by("-occurred_at", "-id")[:limit]
    return [
        TimelineEntry(
            at=event.occurred_at,
            text=event.name,
            kind="event",
            icon="bolt",
            tone="info",
            detail=properties_shown(event.properties),
        )
        for event in found
    ]


def _consents(contact: Contact, before: datetime, limit: int) -> list[TimelineEntry]:
    found = contact.consent_events.select_related("by").filter(at__lt=before).order_by("-at", "-pk")[:limit]
    names = topic_names() if any(event.topic for event in found) else {}
    return [
        TimelineEntry(
            at=event.at,
            text=_("%(channel)s: %(status)s")
            % {
                "channel": channel_shown(event.get_channel_display(), names.get(event.topic, event.topic)),
                "status": event.get_status_display().lower(),
            },
            kind="consent",
            icon="mail-check" if event.status == ConsentStatus.SUBSCRIBED else "mail-off",
            tone=_TONES[ConsentStatus(event.status)],
            detail=" · ".join(str(part) for part in (event.basis, event.source, event.by) if part),
        )
        for event in found
    ]


def channel_shown(channel: str, topic: str) -> str:
    return f"{channel}, {topic}" if topic else channel


def properties_shown(properties: dict[str, object]) -> str:
    """Return the first properties on one line."""
    told = [f"{key}: {value}" for key, value in list(properties.items())[:SHOWN_PROPERTIES]]
    return " · ".join(told)[:300] + (" …" if len(properties) > SHOWN_PROPERTIES else "")
