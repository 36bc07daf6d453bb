from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.collaboration.attached import Attachment
from apps.collaboration.mentioned import Mention

__all__ = [
    "Attachment",
    "AuditEvent",
    "AuditEventQuerySet",
    "Comment",
    "CommentQuerySet",
    "Mention",
    "Notification",
    "NotificationQuerySet",
    "subject_key",
]


def subject_key(subject: models.Model) -> str:
    """Return how the log names a thing: `campaigns.campaign:12`."""
    return f"{subject._meta.label_lower}:{subject.pk}"


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def about(self, subject: models.Model) -> Self:
        """What was done to this thing, and to whatever is part of it."""
        key = subject_key(subject)
        return self.filter(models.Q(subject=key) | models.Q(within=key))


class AuditEvent(models.Model):
    """
    Who did what to which thing. `subject` is text, not a key: the record outlives the thing.

    `within` is the larger thing that it is part of (a message's campaign), so that this has one history.
    """

    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,  # the index below begins with it
        verbose_name=_("who"),
    )
    action = models.CharField(_("act"), max_length=64)
    subject = models.CharField(_("to what"), max_length=64)
    within = models.CharField(_("part of"), max_length=64, blank=True)
    # What the reader is told it was called then; never a contact's address.
    label = models.CharField(_("called"), max_length=200, blank=True)
    details = models.JSONField(_("details"), default=dict, blank=True)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        # All end with the key, so that the log can be paged by it.
        indexes = [
            models.Index(fields=["-at", "-id"], name="collaboration_audit_at"),  # the log, newest first
            models.Index(fields=["by", "-at", "-id"], name="collaboration_audit_by"),  # what someone did
            models.Index(fields=["action", "-at", "-id"], name="collaboration_audit_action"),
            models.Index(fields=["subject", "-at", "-id"], name="collaboration_audit_subject"),
            # The history of a campaign with all that is part of it.
            models.Index(
                fields=["within", "-at", "-id"],
                condition=~models.Q(within=""),
                name="collaboration_audit_within",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"


class CommentQuerySet(models.QuerySet["Comment"]):
    def about(self, subject: models.Model) -> Self:
        """The thread below a thing, in the order it was written."""
        content_type = ContentType.objects.get_for_model(subject)
        return self.filter(content_type=content_type, object_id=subject.pk).order_by("at", "pk")


class Comment(models.Model):
    """What someone said about a thing. Whoever may see the thing may read it."""

    CHANGEABLE_FOR = timedelta(hours=1)

    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="+")
    object_id = models.BigIntegerField()
    subject = GenericForeignKey("content_type", "object_id")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)
    text = models.TextField(_("comment"), max_length=10_000)

    objects = CommentQuerySet.as_manager()

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        indexes = [
            # The thread below a thing, in the order it was written.
            models.Index(
                fields=["content_type", "object_id", "at", "id"], name="collaboration_comment_thread"
            ),
        ]

    def __str__(self) -> str:
        return f"comment {self.pk}"

    def is_changeable(self, *, at: datetime) -> bool:
        """Test if its author may still change it: later, others have read and answered."""
        return at - self.at < self.CHANGEABLE_FOR


class NotificationQuerySet(models.QuerySet["Notification"]):
    def of(self, user: User) -> Self:
        """What this person is told in the app."""
        return self.filter(user=user, is_shown=True)

    def unread(self) -> Self:
        return self.filter(read_at=None)


class Notification(models.Model):
    """Something a person wants to hear of: long work that ended, an answer, a question that waits."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    text = models.CharField(max_length=300)
    url = models.CharField(max_length=300, blank=True)  # a path of this installation
    kind = models.CharField(max_length=32, default="general", db_default="general")
    # What it is part of (`campaigns.campaign:12`), and what that was called then: digests are grouped by it.
    within = models.CharField(max_length=64, blank=True, default="", db_default="")
    within_label = models.CharField(max_length=200, blank=True, default="", db_default="")
    # Not shown: it waits for the digest only.
    is_shown = models.BooleanField(default=True, db_default=True)
    mailed_at = models.DateTimeField(null=True, blank=True)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        constraints = [
            # Following one must never lead to another host.
            models.CheckConstraint(
                condition=models.Q(url="")
                | (models.Q(url__startswith="/") & ~models.Q(url__startswith="//")),
                name="collaboration_notification_stays_here",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-at", "-id"], name="collaboration_notice_list"),
            # The number beside the bell, asked on every page.
            models.Index(
                fields=["user"], condition=models.Q(read_at=None), name="collaboration_notice_unread"
            ),
        ]

    def __str__(self) -> str:
        return f"notification {self.pk}"


class SavedView(models.Model):
    """
    A list with its filters, under a name. `list_key` names the list by its URL: `campaigns:list`.

    `query` is what stands behind the question mark; the list reads of it what it can do, so an old view of a
    list that has changed still opens.
    """

    list_key = models.CharField(_("list"), max_length=100)
    name = models.CharField(_("name"), max_length=80)
    query = models.CharField(_("filters"), max_length=2000, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,  # the unique key begins with it
        verbose_name=_("whose"),
    )
    is_shared = models.BooleanField(_("for everybody"), default=False)
    created_at = models.DateTimeField(_("saved"))

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "list_key", "name"],
                name="collaboration_savedview_name_once",
                violation_error_message=_("You have a view of this name here already."),
            ),
        ]
        indexes = [
            # Those of a list that everybody has; the own ones are found by the unique key.
            models.Index(
                fields=["list_key"], condition=models.Q(is_shared=True), name="collaboration_view_shared"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class NotificationSettings(models.Model):
    """
    What somebody wants to be told of, and where. No row: nobody has told them anything yet.

    `hidden` kinds are not shown in the app, `unmailed` ones not in the digest. `next_digest_at` is when the
    next digest is looked at; empty: never.
    """

    class Digest(models.TextChoices):
        DAILY = "daily", _("Every day")
        WEEKLY = "weekly", _("On Mondays")
        NEVER = "never", _("Never")

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notification_settings"
    )
    digest = models.CharField(_("digest by e-mail"), max_length=8, choices=Digest, default=Digest.DAILY)
    hour = models.PositiveSmallIntegerField(_("at"), default=8)
    hidden = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    unmailed = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    next_digest_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("notification settings")
        verbose_name_plural = _("notification settings")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(hour__lte=23), name="collaboration_notificationsettings_hour"
            ),
        ]
        indexes = [
            # Whose digest is due.
            models.Index(
                fields=["next_digest_at"],
                condition=models.Q(next_digest_at__isnull=False),
                name="collaboration_digest_due",
            ),
        ]

    def __str__(self) -> str:
        return f"notification settings of {self.user_id}"

    def wants_shown(self, kind: str) -> bool:
        return kind not in self.hidden

    def wants_mailed(self, kind: str) -> bool:
        return self.digest != self.Digest.NEVER and kind not in self.unmailed
