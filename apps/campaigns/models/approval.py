from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Model, Q
from django.utils.translation import gettext_lazy as _


class ApprovalQuerySet(models.QuerySet["Approval"]):
    def waiting(self) -> Self:
        return self.filter(state=Approval.State.ASKED)

    def approved_last(self, campaign: Model) -> Self:
        """The last approval of each part of a campaign; what came before is history."""
        given = self.filter(campaign=campaign, state=Approval.State.APPROVED)
        return given.order_by("part", "-pk").distinct("part")


class Approval(models.Model):
    """
    That somebody was asked to approve one part of a campaign, and what came of it.

    `snapshot` is what was looked at, as `apps.campaigns.approvals` reads it: rows of group, key, label and
    value. While it waits it is what was there when it was asked for; once decided, what was decided about.
    """

    class Part(models.TextChoices):
        CONTENT = "content", _("Content")
        AUDIENCE = "audience", _("Audience")
        SCHEDULE = "schedule", _("Schedule")
        GOAL = "goal", _("Goal")

    class State(models.TextChoices):
        ASKED = "asked", _("Waits for approval")
        APPROVED = "approved", _("Approved")
        SENT_BACK = "sent_back", _("Sent back")

    campaign = models.ForeignKey("campaigns.Campaign", on_delete=models.CASCADE, related_name="approvals")
    part = models.CharField(_("part"), max_length=16, choices=Part)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.ASKED)
    digest = models.CharField(max_length=64)
    snapshot = models.JSONField(default=list)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=1000, blank=True)

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "part"], condition=Q(state="asked"), name="campaigns_approval_asked_once"
            ),
            models.CheckConstraint(
                condition=Q(state="asked", decided_at__isnull=True, decided_by__isnull=True)
                | (~Q(state="asked") & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="campaigns_approval_decided_as_a_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state="sent_back") | ~Q(reason=""), name="campaigns_approval_sent_back_says_why"
            ),
        ]
        indexes = [
            # The latest of each part, and what came before.
            models.Index(fields=["campaign", "part", "-id"], name="campaigns_approval_latest"),
            # "Waits for you".
            models.Index(fields=["asked_at"], condition=Q(state="asked"), name="campaigns_approval_waiting"),
        ]

    def __str__(self) -> str:
        return str(self.get_part_display())

    @property
    def is_waiting(self) -> bool:
        return self.state == self.State.ASKED
