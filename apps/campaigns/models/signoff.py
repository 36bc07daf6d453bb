from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.campaigns.models.campaign import Campaign


class KpiSetQuerySet(models.QuerySet["KpiSet"]):
    def visible_to(self, user: User) -> Self:
        known = Campaign.objects.visible_to(user).current()
        return self.filter(campaign__in=known.values("pk"))

    def waiting(self) -> Self:
        """Sets that wait for somebody's word: sales', or the executive's."""
        return self.filter(state__in=[KpiSet.State.REVIEW, KpiSet.State.SIGNATURE])

    def to_remind_of(self, *, since: datetime) -> Self:
        """Sets that have waited since before that moment, and of which nobody was reminded after it."""
        not_lately = Q(reminded_at__isnull=True) | Q(reminded_at__lte=since)
        return self.waiting().filter(not_lately, waiting_since__lte=since, campaign__archived_at__isnull=True)


class KpiSet(models.Model):
    """
    How far the KPIs of a campaign are on their way to a signature. None: they were never touched by an act.

    `editors` changed the set since it was signed last: what they wrote they do not sign.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Nobody has been asked")
        REVIEW = "review", _("With sales")
        QUESTIONED = "questioned", _("Sales has a question")
        SIGNATURE = "signature", _("Awaits signature")
        SIGNED = "signed", _("Signed")
        CHANGED = "changed", _("Needs approval")

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="kpi_set")
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.DRAFT)
    editors = ArrayField(models.BigIntegerField(), default=list, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(null=True, blank=True)
    waiting_since = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)

    objects = KpiSetQuerySet.as_manager()

    class Meta:
        verbose_name = _("KPI set")
        verbose_name_plural = _("KPI sets")
        constraints = [
            models.CheckConstraint(
                condition=~Q(state__in=["review", "signature"]) | Q(waiting_since__isnull=False),
                name="campaigns_kpiset_waits_since",
            ),
        ]
        indexes = [
            # Whose word is awaited: the homes of sales and executives, and the reminders.
            models.Index(
                fields=["state", "waiting_since"],
                condition=Q(state__in=["review", "signature", "changed"]),
                name="campaigns_kpiset_open",
            ),
        ]

    def __str__(self) -> str:
        return f"KPIs of campaign {self.campaign_id}"


class KpiReview(models.Model):
    """What somebody of sales said of a set: agreed, or a question in words. `digest` is of what was read."""

    class Verdict(models.TextChoices):
        AGREED = "agreed", _("Agreed")
        QUESTION = "question", _("Question")

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="kpi_reviews")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    verdict = models.CharField(max_length=8, choices=Verdict)
    text = models.CharField(_("in words"), max_length=1000, blank=True)
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("KPI review")
        verbose_name_plural = _("KPI reviews")
        constraints = [
            models.CheckConstraint(
                condition=~Q(verdict="question") | ~Q(text=""), name="campaigns_kpireview_question_has_words"
            ),
        ]
        indexes = [
            # The history of a set, newest first.
            models.Index(fields=["campaign", "-at", "-id"], name="campaigns_kpireview_history"),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} on campaign {self.campaign_id}"


class SignOff(models.Model):
    """An executive's signature under the whole set, with the set as it was. Never changed."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="signoffs")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    text = models.CharField(_("remark"), max_length=1000, blank=True)
    snapshot = models.JSONField()
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("sign-off")
        verbose_name_plural = _("sign-offs")
        indexes = [
            # The history of a campaign, and its latest signature.
            models.Index(fields=["campaign", "-at", "-id"], name="campaigns_signoff_history"),
        ]

    def __str__(self) -> str:
        return f"signature on campaign {self.campaign_id}"
