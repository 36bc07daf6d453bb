from datetime import date, timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.campaigns.models.version import Versioned


class Recurrence(Versioned):
    """
    How often a task comes again, counted from `first_date`, the day one of them is due.

    The tasks it made are numbered; `made` is the number of the last one, which is the pattern of the next. It
    ends after `ends_date`, after so many `times`, or when somebody stops it.
    """

    class Unit(models.TextChoices):
        DAY = "day", _("Days")
        WEEK = "week", _("Weeks")
        MONTH = "month", _("Months")

    campaign = models.ForeignKey("campaigns.Campaign", on_delete=models.CASCADE, related_name="recurrences")
    every = models.PositiveSmallIntegerField(
        _("every"), validators=[MinValueValidator(1), MaxValueValidator(366)]
    )
    unit = models.CharField(_("unit"), max_length=8, choices=Unit)
    first_date = models.DateField()
    ends_date = models.DateField(_("until"), null=True, blank=True)
    times = models.PositiveSmallIntegerField(_("times"), null=True, blank=True)
    made = models.PositiveSmallIntegerField(default=1)
    stopped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("recurrence")
        verbose_name_plural = _("recurrences")
        constraints = [
            models.CheckConstraint(
                condition=Q(every__gte=1) & Q(every__lte=366), name="campaigns_recurrence_every_so_often"
            ),
        ]

    def __str__(self) -> str:
        return self.rhythm

    @property
    def rhythm(self) -> str:
        """What people call it: “Every week”, “Every 3 months”."""
        match self.unit:
            case self.Unit.DAY:
                said = ngettext("Every day", "Every %(n)s days", self.every)
            case self.Unit.WEEK:
                said = ngettext("Every week", "Every %(n)s weeks", self.every)
            case _:
                said = ngettext("Every month", "Every %(n)s months", self.every)
        return said % {"n": self.every}

    @property
    def is_running(self) -> bool:
        return self.stopped_at is None

    def next_after(self, day: date) -> date:
        """Return the first day of the rhythm after `day`."""
        if self.unit == self.Unit.MONTH:
            months = max((day.year - self.first_date.year) * 12 + day.month - self.first_date.month, 0)
            step = months // self.every
            while (due := self._month_on(step * self.every)) <= day:
                step += 1
            return due
        length = timedelta(days=self.every * (7 if self.unit == self.Unit.WEEK else 1))
        steps = max((day - self.first_date) // length + 1, 0)
        return self.first_date + steps * length

    def _month_on(self, months: int) -> date:
        """Return the same day so many months later; the last day of a month that is too short for it."""
        years, month = divmod(self.first_date.month - 1 + months, 12)
        later = date(self.first_date.year + years, month + 1, 1)
        length = ((later + timedelta(days=31)).replace(day=1) - later).days
        return later.replace(day=min(self.first_date.day, length))
