from datetime import date
from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.campaigns.models.version import Versioned


class Expectation(Versioned):
    """
    How much of a campaign's goal should have come by the end of each month, counted as the goal is.

    `points` are months with what should be there by their end, as text, in order: `["2030-03", "120"]`.
    """

    campaign = models.OneToOneField(
        "campaigns.Campaign", on_delete=models.CASCADE, related_name="expectation"
    )
    points = models.JSONField()
    # The captain is told when less has come than was expected by more than this.
    alert_percent = models.PositiveSmallIntegerField(
        _("tell the captain from … per cent below"),
        default=20,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(alert_percent__range=(1, 100)), name="campaigns_expectation_alert_is_a_share"
            ),
        ]

    def __str__(self) -> str:
        return str(_("Expectation"))

    @property
    def by_month(self) -> dict[date, Decimal]:
        return {date.fromisoformat(f"{month}-01"): Decimal(amount) for month, amount in self.points}


class Stakeholder(models.Model):
    """Someone who is asked to acknowledge what a campaign should bring by when; each edit asks again."""

    campaign = models.ForeignKey("campaigns.Campaign", on_delete=models.CASCADE, related_name="stakeholders")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    asked_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "user"], name="campaigns_stakeholder_once"),
        ]
        indexes = [
            # What waits for one person: their home.
            models.Index(
                fields=["user"],
                condition=Q(acknowledged_at__isnull=True),
                name="campaigns_stakeholder_waiting",
            ),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.user)


class Shortfall(models.Model):
    """That the captain was told in a month that less had come than was expected; told once in each."""

    campaign = models.ForeignKey("campaigns.Campaign", on_delete=models.CASCADE, related_name="shortfalls")
    month = models.DateField()
    at = models.DateTimeField()
    expected = models.DecimalField(max_digits=30, decimal_places=4)
    reached = models.DecimalField(max_digits=30, decimal_places=4)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "month"], name="campaigns_shortfall_once_a_month"),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"
