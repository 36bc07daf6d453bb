"""Events as lists show them, and the one timeline of everything about a contact."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from apps.contacts.models import ConsentStatus, Contact, Event
from apps.contacts.registries import TimelineEntry, timeline
from apps.contacts.selectors.eventtypes import event_labels
from apps.contacts.selectors.topics import topic_names

SHOWN_PROPERTIES = 4
AHEAD = timedelta(days=1)  # events may be as far in the future, by the clocks of their senders
LATELY = 2_000
LOOKED_AT = 50_000  # of what arrived last, for events of one name or source
MOST_AT_ONCE = 10_000
_TONES = {ConsentStatus.SUBSCRIBED: "good", ConsentStatus.UNSUBSCRIBED: "bad", ConsentStatus.PENDING: "warn"}


def events(*, name: str = "", source: str = "") -> QuerySet[Event]:
    """Return events, not yet ordered: indexes serve `received_at`, and `occurred_at` of one name."""
    asked = {"name": name, "source": source}
    return Event.objects.filter(**{field: value for field, value in asked.items() if value})


def events_arriving(*, name: str = "", source: str = "") -> QuerySet[Event]:
    """
    Return events to be read in the order of arrival; of one name or source those among the last `LOOKED_AT`.

    The index of arrivals knows no names: to look for a rare one in all of it would take as long as it is.
    """
    found = events(name=name, source=source)
    if not (name or source):
        return found
    arrivals = Event.objects.order_by("-received_at").values_list("received_at", flat=True)
    since = arrivals[LOOKED_AT : LOOKED_AT + 1].first()
    return found.filter(received_at__gte=since) if since else found


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
    sources = [own(contact, before, limit) for own in (_events, _consents, _merges)]
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
    labels = event_labels() if found else {}
    return [
        TimelineEntry(
            at=event.occurred_at,
            text=labels.get(event.name, event.name),
            kind="event",
            icon="bolt",
            tone="info",
            # A business name stands for the one that programs know it by, which is not lost.
            detail=" · ".join(
                part
                for part in (event.name if event.name in labels else "", properties_shown(event.properties))
                if part
            ),
        )
        for event in found
    ]


def _merges(contact: Contact, before: datetime, limit: int) -> list[TimelineEntry]:
    """Return with whom the contact was merged, and which of it was undone; the latest of each merge first."""
    latest = contact.merges.order_by(Coalesce("undone_at", "at").desc(), "-pk")
    found = latest.filter(at__lt=before).select_related("by", "undone_by")[:limit]
    merged = [
        TimelineEntry(
            at=merge.at,
            text=_("Merged with contact %(n)s") % {"n": merge.gone_id},
            kind="merge",
            icon="git-merge",
            by=merge.by,
        )
        for merge in found
    ]
    undone = [
        TimelineEntry(
            at=merge.undone_at,
            text=_("Merge with contact %(n)s undone") % {"n": merge.gone_id},
            kind="merge",
            icon="arrow-back-up",
            by=merge.undone_by,
        )
        for merge in found
        if merge.undone_at and merge.undone_at < before
    ]
    return undone + merged


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
