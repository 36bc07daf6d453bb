from typing import Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import ExtractYear, Now
from django.utils.translation import gettext_lazy as _

from apps.campaigns.models.team import Channel
from apps.campaigns.models.version import Versioned

YEAR_CHECKS = [MinValueValidator(2000), MaxValueValidator(2100)]


class YearGoalQuerySet(models.QuerySet["YearGoal"]):
    def recent(self) -> Self:
        """Goals that a campaign planned now can be for: last year's and later ones, latest year first."""
        found = self.filter(year__gte=ExtractYear(Now()) - 1)
        return found.order_by("-year", "position", "pk")


class YearGoal(Versioned):
    """What the organisation wants of a year. Campaigns name the one they serve; position is priority."""

    year = models.PositiveSmallIntegerField(_("year"), validators=YEAR_CHECKS)
    name = models.CharField(_("goal"), max_length=200)
    why = models.TextField(_("why"), blank=True, max_length=2000)
    # In words: the year's figures come from more than events.
    metric = models.CharField(_("measured by"), blank=True, max_length=200)
    target = models.CharField(_("target"), blank=True, max_length=200)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="year_goals",
        verbose_name=_("owner"),
    )
    position = models.PositiveSmallIntegerField(default=0)

    objects = YearGoalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["year", "name"],
                name="campaigns_yeargoal_name_once",
                violation_error_message=_("This year has a goal of that name already."),
            ),
        ]
        ordering = ["-year", "position", "id"]

    def __str__(self) -> str:
        return self.name


class NotDoing(Versioned):
    """
    What the organisation has decided to leave alone for a year: a channel, or a practice in words.

    A campaign that wants such a channel all the same says why.
    """

    year = models.PositiveSmallIntegerField(_("year"), validators=YEAR_CHECKS)
    kind = models.CharField(_("channel"), max_length=16, choices=Channel.Kind, blank=True)
    practice = models.CharField(_("practice"), max_length=200, blank=True)
    reason = models.CharField(_("why not"), max_length=500)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="") ^ Q(practice=""),
                name="campaigns_notdoing_channel_or_practice",
                violation_error_message=_("Name a channel or a practice, one of the two."),
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="campaigns_notdoing_has_reason"),
            models.UniqueConstraint(
                fields=["year", "kind", "practice"],
                name="campaigns_notdoing_once",
                violation_error_message=_("This is on the year's list already."),
            ),
        ]
        ordering = ["-year", "id"]

    def __str__(self) -> str:
        return self.practice or str(self.get_kind_display())
