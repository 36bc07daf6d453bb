from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Model, Prefetch, Q, QuerySet
from django.urls import reverse

from apps.accounts.models import User
from apps.collaboration.feeds import Feed, feeds
from apps.collaboration.models import (
    AuditEvent,
    Comment,
    Mention,
    Notification,
    NotificationSettings,
    subject_key,
)
from apps.collaboration.subjects import Subject, action_label, subjects

ACTIVITY_SIZE = 30


@dataclass(frozen=True)
class Entry:
    """One line of a history, for `components/timeline.html`."""

    at: datetime
    text: str
    by: User | None
    detail: str
    icon: str = "circle-dot"
    tone: str = "neutral"


def audit_events(
    *,
    by: str = "",
    action: str = "",
    subject: str = "",
    since: datetime | None = None,
) -> QuerySet[AuditEvent]:
    """Return the log with who did it; `by` is a key or "schedule"; `subject` finds its parts too."""
    found = AuditEvent.objects.select_related("by")
    if by:
        found = found.filter(by=None) if by == "schedule" else found.filter(by=int(by))
    if action:
        found = found.filter(action=action)
    if subject:
        found = found.filter(Q(subject=subject) | Q(within=subject))
    if since:
        found = found.filter(at__gte=since)
    return found


def activity(subject: Model) -> list[Entry]:
    """Return the latest of what was done to a thing and to its parts, newest first, in one query."""
    events = AuditEvent.objects.about(subject).select_related("by").order_by("-at", "-pk")
    return [_entry(event, subject) for event in events[:ACTIVITY_SIZE]]


def _entry(event: AuditEvent, about: Model) -> Entry:
    is_part = event.subject != subject_key(about)
    has_name = is_part and not event.action.startswith("comment.")  # a comment is called by its number only
    return Entry(
        at=event.at, text=action_label(event.action), by=event.by, detail=event.label if has_name else ""
    )


def comments(subject: Model) -> Iterable[Comment]:
    """Return the thread below a thing, with who wrote; the last hundred."""
    named = Prefetch("mentions", Mention.objects.select_related("user"))
    latest = Comment.objects.about(subject).select_related("by").order_by("-at", "-pk")
    latest = latest.prefetch_related(named)[:100]
    return list(reversed(latest))


def subject_get(label: str, pk: int) -> tuple[Subject, Any] | None:
    """Return the kind and the thing that `campaigns.campaign` and its key name; None: no such thing."""
    kind = subjects.of(label)
    thing = kind.model._default_manager.filter(pk=pk).first() if kind else None
    return (kind, thing) if kind and thing else None


def audit_actions() -> list[str]:
    """Return the acts that the log knows, each found by one step through the index."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE known (action) AS (
                (SELECT action FROM collaboration_auditevent ORDER BY action LIMIT 1)
                UNION ALL
                SELECT (SELECT event.action FROM collaboration_auditevent event
                        WHERE event.action > known.action ORDER BY event.action LIMIT 1)
                FROM known WHERE known.action IS NOT NULL
            )
            SELECT action FROM known WHERE action IS NOT NULL
            """
        )
        return [action for (action,) in cursor.fetchall()]


def notifications(user: User) -> QuerySet[Notification]:
    return Notification.objects.of(user)


def notifications_unread(user: User, *, at_most: int = 100) -> int:
    """Count what someone has not read, up to `at_most`: beyond, the exact number says no more."""
    return Notification.objects.of(user).unread()[:at_most].count()


def feed(user: User, *, about: str = "", by: str = "", since: datetime | None = None) -> QuerySet[AuditEvent]:
    """Return what was done to all that this person may see, and to its parts; `by` as for `audit_events`."""
    seen = Q(pk__in=[])
    for label, one in feeds.items():
        acts = one.seen_by(user) if about in {"", label} else None
        if acts is not None:
            seen |= acts
    return audit_events(by=by, since=since).filter(seen)


@dataclass(frozen=True)
class FeedEntry:
    """One line of the feed, for `components/timeline.html`; `url` leads to the thing it is about."""

    at: datetime
    text: str
    by: User | None
    detail: str
    url: str
    icon: str = "circle-dot"
    tone: str = "neutral"


def feed_entries(events: Sequence[AuditEvent]) -> list[FeedEntry]:
    """Say each act with the thing it was done to; one query for each kind of thing."""
    kinds = dict(feeds.items())
    found: dict[str, set[int]] = {}
    for event in events:
        label, pk = _thing_of(event, kinds)
        found.setdefault(label, set()).add(pk)
    names = {label: kinds[label].names(pks) for label, pks in found.items() if label in kinds}
    return [_feed_entry(event, *_thing_of(event, kinds), kinds, names) for event in events]


def _thing_of(event: AuditEvent, kinds: Mapping[str, Feed]) -> tuple[str, int]:
    """Return the kind and the key of the larger thing, or of the thing itself."""
    for key in (event.within, event.subject):
        label, _colon, pk = key.partition(":")
        if label in kinds and pk.isdecimal():
            return label, int(pk)
    return "", 0


def _feed_entry(
    event: AuditEvent,
    label: str,
    pk: int,
    kinds: Mapping[str, Feed],
    names: Mapping[str, Mapping[int, str]],
) -> FeedEntry:
    name = names.get(label, {}).get(pk, "")
    is_part = bool(event.within) and not event.action.startswith("comment.")
    return FeedEntry(
        at=event.at,
        text=f"{action_label(event.action)} · {name or event.label}",
        by=event.by,
        detail=event.label if is_part and event.label != name else "",
        url=reverse(kinds[label].url_name, args=[pk]) if name else "",
    )


def notification_settings(user: User) -> NotificationSettings:
    """Return what this person wants to be told of; the defaults, unsaved, for who has never been told."""
    return NotificationSettings.objects.filter(user=user).first() or NotificationSettings(user=user)
