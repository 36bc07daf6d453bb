from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration.mentions import mentioned
from apps.collaboration.models import Attachment, AuditEvent, Comment, Mention, Notification, subject_key
from apps.collaboration.notifying import digest_stop, digests_send, notification_settings_change, notify
from apps.collaboration.subjects import subjects
from apps.core.errors import DomainError

__all__ = [
    "CommentNotAllowed",
    "audit_record",
    "audit_record_many",
    "comment_add",
    "comment_delete",
    "comment_edit",
    "digest_stop",
    "digests_send",
    "notification_settings_change",
    "notifications_read",
    "notify",
    "thread_remove",
]
Details = dict[str, object]


class CommentNotAllowed(DomainError):
    pass


def audit_record(
    *,
    action: str,
    subject: Model,
    by: User | None,
    now: datetime,
    details: Details | None = None,
    within: Model | None = None,
) -> AuditEvent:
    """
    Write down one act, in the transaction of the act itself. `by=None` is the schedule.

    `action` reads `message.launched`; `details` holds plain JSON values; `within` is the larger thing whose
    history should tell of it too (a message's campaign).
    """
    (event,) = audit_record_many(
        action=action, subjects=[subject], by=by, now=now, details=details, within=within
    )
    return event


def audit_record_many(
    *,
    action: str,
    subjects: Iterable[Model],
    by: User | None,
    now: datetime,
    details: Details | None = None,
    within: Model | None = None,
) -> list[AuditEvent]:
    """Write down one act on a set of things, in one statement."""
    larger = subject_key(within) if within else ""
    return AuditEvent.objects.bulk_create(
        AuditEvent(
            at=now,
            by=by,
            action=action,
            subject=subject_key(subject),
            within=larger,
            label=str(subject)[:200],
            details=details or {},
        )
        for subject in subjects
    )


def audit_record_each(
    *, action: str, told: Iterable[tuple[Model, Details]], by: User | None, now: datetime
) -> None:
    """Write down one act on a set of things, each with details of its own, in one statement."""
    AuditEvent.objects.bulk_create(
        AuditEvent(
            at=now,
            by=by,
            action=action,
            subject=subject_key(subject),
            label=str(subject)[:200],
            details=details,
        )
        for subject, details in told
    )


@transaction.atomic
def comment_add(*, subject: Model, text: str, by: User, now: datetime) -> Comment:
    """
    Say something about a thing, and tell those whom it names, who watch it and who spoke before.

    :raises CommentNotAllowed: nothing was said
    :raises MentionRefused: it names somebody who is not here, or who cannot see the thing
    """
    if not text.strip():
        raise CommentNotAllowed(_("Write something first."))
    kind = subjects.of(subject._meta.label_lower)
    named = set(mentioned(text, kind=kind, subject=subject))
    spoke = User.objects.active().filter(pk__in=Comment.objects.about(subject).order_by().values("by"))
    # Who may not see it any more is told no more of it.
    spoke_before = set(kind.viewers(subject, spoke) if kind else spoke)
    comment = Comment.objects.create(subject=subject, text=text.strip(), by=by, at=now)
    audit_record(action="comment.added", subject=comment, by=by, now=now, within=subject)
    _mentions_add(comment, named, by=by, now=now)
    watchers = set(kind.watchers(subject)) if kind else set()
    notify(
        users={*watchers, *spoke_before} - {by} - named,
        text=_("%(person)s commented on “%(thing)s”") % {"person": by, "thing": str(subject)[:150]},
        url=f"{kind.url(subject)}#comments" if kind else "",
        now=now,
        kind="comment",
        within=getattr(subject, "campaign", subject),
    )
    return comment


@transaction.atomic
def comment_edit(*, comment: Comment, text: str, by: User, now: datetime) -> Comment:
    """
    Put it better, within an hour. The log keeps what it said before, as long as the comment is there.

    Who is named only now is told now.

    :raises CommentNotAllowed: too late, or nothing was said
    :raises MentionRefused: as `comment_add`
    """
    comment = _changeable(comment, now=now)
    if not text.strip():
        raise CommentNotAllowed(_("Write something first."))
    subject = comment.subject
    assert isinstance(subject, Model)
    kind = subjects.of(subject._meta.label_lower)
    named = set(mentioned(text, kind=kind, subject=subject))
    if comment.text == text.strip():
        return comment
    before: Details = {"from": comment.text}
    comment.text = text.strip()
    comment.edited_at = now
    comment.save(update_fields=["text", "edited_at"])
    audit_record(
        action="comment.changed", subject=comment, by=by, now=now, details=before, within=comment.subject
    )
    comment.mentions.exclude(user__in=named).delete()
    known = set(comment.mentions.values_list("user", flat=True))
    _mentions_add(comment, {person for person in named if person.pk not in known}, by=by, now=now)
    return comment


@transaction.atomic
def comment_delete(*, comment: Comment, by: User, now: datetime) -> None:
    """
    Take it back, within an hour. That there was one stays on record, what it said does not.

    :raises CommentNotAllowed: too late
    """
    comment = _changeable(comment, now=now)
    AuditEvent.objects.filter(subject=subject_key(comment), action="comment.changed").update(details={})
    audit_record(action="comment.deleted", subject=comment, by=by, now=now, within=comment.subject)
    comment.delete()


def _mentions_add(comment: Comment, people: set[User], *, by: User, now: datetime) -> None:
    Mention.objects.bulk_create(Mention(comment=comment, user=person) for person in people)
    subject = comment.subject
    assert isinstance(subject, Model)
    kind = subjects.of(subject._meta.label_lower)
    notify(
        users=people - {by},
        text=_("%(person)s mentioned you in “%(thing)s”") % {"person": by, "thing": str(subject)[:150]},
        url=f"{kind.url(subject)}#comments" if kind else "",
        now=now,
    )


def thread_remove(*, subject: Model) -> None:
    """Take away what was said about a thing that is itself taken away, and its files: nothing leads there."""
    Comment.objects.about(subject).delete()
    Attachment.objects.about(subject).drop()


def _changeable(comment: Comment, *, now: datetime) -> Comment:
    comment = Comment.objects.select_for_update(no_key=True).get(pk=comment.pk)
    if not comment.is_changeable(at=now):
        raise CommentNotAllowed(_("This comment is older than an hour. Write another one."))
    return comment


def notifications_read(*, user: User, now: datetime, notification: Notification | None = None) -> int:
    """Mark one of the user's notifications as read, or all of them; return how many were not."""
    mine = Notification.objects.of(user).unread()
    if notification:
        mine = mine.filter(pk=notification.pk)
    return mine.update(read_at=now)
