from typing import Any, Self

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from apps.campaigns.models.campaign import Campaign
from apps.campaigns.models.version import FRAME, Versioned

# The unit of what is worth money: told in the campaign's own currency.
MONEY = "money"
# What a definition says: a change of one of these makes a new version of it.
DEFINING = (
    "name",
    "definition",
    "kind",
    "unit",
    "built_in",
    "event",
    "where",
    "measure",
    "value_property",
)


class MetricQuerySet(models.QuerySet["Metric"]):
    def current(self) -> Self:
        """Metrics that can be chosen: those that nobody has put away."""
        return self.filter(archived_at__isnull=True)


class Metric(Versioned):
    """
    A figure of the catalogue, said once for all campaigns: what it means and how it is counted.

    It is counted from events, or is a `built_in` that an app above counts from its own ledger
    (`apps.campaigns.metrics`). `definition_number` counts the versions of what it says.
    """

    class Kind(models.TextChoices):
        VALUE = "value", _("Value")
        TACTICAL = "tactical", _("Tactical")

    name = models.CharField(_("name"), max_length=120)
    definition = models.TextField(_("what it means"), max_length=2000)
    # Value: what the business is after. Tactical: what is done for it.
    kind = models.CharField(_("label"), max_length=8, choices=Kind, default=Kind.TACTICAL)
    unit = models.CharField(_("unit"), max_length=24)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("owner"),
    )
    built_in = models.CharField(_("counted by"), max_length=32, blank=True)
    event = models.CharField(_("event"), max_length=128, blank=True)
    where = models.JSONField(_("only where"), default=list, blank=True)
    measure = models.CharField(
        _("counted as"), max_length=8, choices=Campaign.GoalMeasure, default=Campaign.GoalMeasure.PEOPLE
    )
    value_property = models.CharField(_("property with the value"), max_length=128, blank=True)
    definition_number = models.PositiveIntegerField(default=1, db_default=1, editable=False)
    archived_at = models.DateTimeField(_("put away"), null=True, blank=True, editable=False)

    objects = MetricQuerySet.as_manager()

    class Meta:
        verbose_name = _("metric")
        verbose_name_plural = _("metrics")
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="campaigns_metric_name_once",
                violation_error_message=_("There is a metric of that name already."),
            ),
            models.CheckConstraint(
                condition=(Q(built_in="") & ~Q(event="")) | (~Q(built_in="") & Q(event="")),
                name="campaigns_metric_counted_one_way",
                violation_error_message=_("A metric is counted from an event, or it is built in."),
            ),
            models.CheckConstraint(
                condition=~Q(measure="value") | ~Q(value_property="") | ~Q(built_in=""),
                name="campaigns_metric_value_has_property",
                violation_error_message=_("A value needs the property that carries it."),
            ),
        ]
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_value(self) -> bool:
        return self.kind == self.Kind.VALUE

    @property
    def says(self) -> dict[str, Any]:
        """What the definition says, as JSON."""
        return {name: getattr(self, name) for name in DEFINING}


class MetricVersion(models.Model):
    """What a metric said from `at` on, until the next version. Never changed."""

    metric = models.ForeignKey(Metric, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    says = models.JSONField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["metric", "number"], name="campaigns_metricversion_once"),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of metric {self.metric_id}"


class KpiQuerySet(models.QuerySet["Kpi"]):
    def shown(self) -> Self:
        """With what the page of a KPI, within its campaign, shows beside it."""
        return self.select_related(*FRAME, "metric")

    def with_metric(self) -> Self:
        """With what each is called and counted by, in the same query."""
        return self.select_related("metric")

    def of_value(self) -> Self:
        return self.filter(metric__kind=Metric.Kind.VALUE)


class Kpi(Versioned):
    """
    A metric of the catalogue that carries a campaign's story: why it does, and how much of it is wanted.

    `reached` is a snapshot for pages that show many, as of `reached_at`; None until it has been counted.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="kpis")
    metric = models.ForeignKey(
        Metric, on_delete=models.PROTECT, related_name="kpis", verbose_name=_("metric")
    )
    reason = models.CharField(_("why it carries the story"), max_length=500, blank=True)
    target = models.DecimalField(
        _("target"),
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    position = models.PositiveSmallIntegerField(default=0)
    reached = models.DecimalField(max_digits=30, decimal_places=4, null=True, blank=True, editable=False)
    reached_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = KpiQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "metric"],
                name="campaigns_kpi_metric_once",
                violation_error_message=_("This campaign has that KPI already."),
            ),
        ]
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """What it is called: the metric's name."""
        return self.metric.name

    @property
    def unit(self) -> str:
        """What its numbers are numbers of."""
        return self.campaign.currency if self.metric.unit == MONEY else self.metric.unit

    @property
    def is_met(self) -> bool:
        return self.target is not None and self.reached is not None and self.reached >= self.target
