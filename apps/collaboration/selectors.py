from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Model, Prefetch, Q, QuerySet

from apps.accounts.models import User
from apps.collaboration.models import AuditEvent, Comment, Mention, Notification, subject_key
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
