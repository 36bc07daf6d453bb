from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.campaigns.models.campaign import Campaign
from apps.campaigns.models.element import Element
from apps.campaigns.models.team import Channel
from apps.campaigns.models.version import Versioned

TITLE = 80  # letters of a lesson that stand for it in a history


class LessonQuerySet(models.QuerySet["Lesson"]):
    def current(self) -> Self:
        """Lessons that have not been put away."""
        return self.filter(archived_at__isnull=True)

    def visible_to(self, user: User) -> Self:
        """Lessons of no campaign, and of those that exist for this person."""
        return self.filter(Q(campaign=None) | Q(campaign__in=Campaign.objects.visible_to(user)))


class Lesson(Versioned):
    """
    What was learnt, and from which evidence; tagged by whom it is about, on which channel, and which element.

    The evidence is kept as it read when the lesson was linked to it: later events do not rewrite what was
    concluded then. `low`, `value` and `high` are shares, or differences of shares.
    """

    text = models.TextField(_("what was learnt"), max_length=2000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    campaign = models.ForeignKey(
        Campaign,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="lessons",
        verbose_name=_("learnt in"),
    )
    segment = models.ForeignKey(
        "segments.Segment",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("segment"),
    )
    kind = models.CharField(_("channel"), max_length=16, choices=Channel.Kind, blank=True)
    element = models.CharField(_("element"), max_length=16, choices=Element, blank=True)
    # Campaigns that it came along to, in a replay.
    applied_in = models.ManyToManyField(Campaign, blank=True, related_name="lessons_applied")

    evidence_key = models.CharField(
        _("evidence"), max_length=64, blank=True
    )  # as `campaigns.evidence` names it
    evidence_text = models.CharField(_("evidence"), max_length=500, blank=True)
    evidence_n = models.BigIntegerField(null=True, blank=True)
    evidence_low = models.FloatField(null=True, blank=True)
    evidence_value = models.FloatField(null=True, blank=True)
    evidence_high = models.FloatField(null=True, blank=True)
    evidence_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = LessonQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="campaigns_lesson_says_something"),
            models.CheckConstraint(
                condition=Q(evidence_key="", evidence_n=None, evidence_at=None)
                | Q(evidence_n__isnull=False, evidence_at__isnull=False) & ~Q(evidence_key=""),
                name="campaigns_lesson_evidence_is_whole",
            ),
        ]
        indexes = [
            # The library, latest first.
            models.Index(fields=["-created_at", "-id"], name="campaigns_lesson_created"),
        ]

    def __str__(self) -> str:
        return self.text if len(self.text) <= TITLE else f"{self.text[: TITLE - 1]}…"
