from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _

from apps.campaigns.models.team import Channel
from apps.campaigns.models.version import FRAME, Versioned

NOTHING = Decimal(0)


def _amount(label: Any) -> "models.DecimalField[Any, Any]":
    """Return a column for money: never below zero, never a float."""
    return models.DecimalField(
        label,
        max_digits=14,
        decimal_places=2,
        default=NOTHING,
        db_default=NOTHING,
        validators=[MinValueValidator(NOTHING)],
    )


class BudgetLineQuerySet(models.QuerySet["BudgetLine"]):
    def shown(self) -> Self:
        """With what the page of a line, within its campaign, shows beside it."""
        return self.select_related(*FRAME, "channel__owner")

    def standing(self) -> Self:
        """Lines that count: those that nobody has removed."""
        return self.filter(removed_at__isnull=True)

    def with_bound(self) -> Self:
        """Add `bound` (what is spent or promised) and `due` (what it may cost in all)."""
        return self.annotate(
            bound=Greatest(F("committed"), F("actual")),
            due=Greatest(F("planned"), F("committed"), F("actual")),
        )


class BudgetLine(Versioned):
    """
    Money for one thing in one month, in the currency of its campaign.

    `planned` is what was set aside, `committed` what was promised to somebody, `actual` what has been billed.
    A line that is removed stays as a row, so that it can be brought back with its comments.
    """

    campaign = models.ForeignKey("campaigns.Campaign", on_delete=models.CASCADE, related_name="budget_lines")
    channel = models.ForeignKey(
        Channel,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="budget_lines",
        verbose_name=_("channel"),
    )
    month = models.DateField(_("month"))  # its first day
    label = models.CharField(_("what for"), max_length=200)
    vendor = models.CharField(_("vendor"), max_length=200, blank=True)
    planned = _amount(_("planned"))
    committed = _amount(_("committed"))
    actual = _amount(_("actual"))
    note = models.CharField(_("note"), max_length=500, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Of the form it was made with: the form sent twice makes one line.
    creation_key = models.UUIDField(null=True, blank=True, unique=True, editable=False)

    objects = BudgetLineQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(month__day=1), name="campaigns_budgetline_month_is_first_day"),
            models.CheckConstraint(
                condition=Q(planned__gte=0) & Q(committed__gte=0) & Q(actual__gte=0),
                name="campaigns_budgetline_not_below_zero",
            ),
        ]
        indexes = [
            # The lines of one campaign, by month: its page and its sums.
            models.Index(
                fields=["campaign", "month", "id"],
                condition=Q(removed_at__isnull=True),
                name="campaigns_budgetline_standing",
            ),
        ]
        ordering = ["month", "id"]

    def __str__(self) -> str:
        return self.label


class BudgetUploadQuerySet(models.QuerySet["BudgetUpload"]):
    def shown(self) -> Self:
        """With what the page of an upload, within its campaign, shows beside it."""
        return self.select_related(*FRAME)

    def waiting(self) -> Self:
        return self.filter(applied_at__isnull=True)

    def stale(self, *, at: datetime) -> Self:
        """Uploads that nobody has confirmed in time."""
        return self.waiting().filter(at__lt=at)


class BudgetUpload(models.Model):
    """
    A spreadsheet that somebody uploaded, as it was read; what it would change is told anew each time.

    `rows` are its cells below the heads, as text: `[row number, {column: text}]`.
    """

    campaign = models.ForeignKey(
        "campaigns.Campaign", on_delete=models.CASCADE, related_name="budget_uploads"
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    file_name = models.CharField(max_length=200)
    rows = models.JSONField()
    unread = models.JSONField(default=list)  # columns that mean nothing here
    applied_at = models.DateTimeField(null=True, blank=True)

    objects = BudgetUploadQuerySet.as_manager()

    class Meta:
        indexes = [
            # What is waited for in vain is forgotten.
            models.Index(
                fields=["at"], condition=Q(applied_at__isnull=True), name="campaigns_budgetupload_waiting"
            ),
        ]

    def __str__(self) -> str:
        return self.file_name
