from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.campaigns.models.version import Versioned
from apps.core.models import TimeStamped


def weekend() -> list[int]:
    return [5, 6]


class Holiday(TimeStamped):
    """A day on which nobody of the organisation works."""

    date = models.DateField(_("day"), unique=True)
    name = models.CharField(_("name"), max_length=100)

    class Meta:
        ordering = ["date"]

    def __str__(self) -> str:
        return f"{self.date.isoformat()} {self.name}"


class WorkWeekQuerySet(models.QuerySet["WorkWeek"]):
    def current(self) -> "WorkWeek":
        """Return the one row, or what holds as long as nobody has changed anything."""
        return self.filter(pk=1).first() or WorkWeek(pk=1)


class WorkWeek(Versioned):
    """Which days of every week are free: the one row of this installation."""

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    weekend = ArrayField(
        models.PositiveSmallIntegerField(choices=Weekday),
        verbose_name=_("free days"),
        default=weekend,
        blank=True,
    )

    objects = WorkWeekQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="campaigns_workweek_only_one"),
            models.CheckConstraint(condition=Q(weekend__len__lte=6), name="campaigns_workweek_has_a_workday"),
        ]

    def __str__(self) -> str:
        return f"free on {self.weekend}"
