from datetime import date, timedelta
from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import formats
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from apps.core.models import TimeStamped
from apps.messaging import rates
from apps.messaging.models.domain import host_validate


class RateLimit(TimeStamped):
    """
    At most so many mails in any second, minute, hour or day: of one sender, or to one domain of recipients.

    What is over it waits. Several limits of one sender, or of one domain, hold together.
    """

    MOST = 10_000_000

    class Per(models.TextChoices):
        SECOND = "second", _("second")
        MINUTE = "minute", _("minute")
        HOUR = "hour", _("hour")
        DAY = "day", _("day")

    SECONDS = {Per.SECOND: 1, Per.MINUTE: 60, Per.HOUR: 3600, Per.DAY: 86_400}

    sender = models.ForeignKey(
        "messaging.Sender", on_delete=models.CASCADE, null=True, blank=True, related_name="rate_limits"
    )
    domain = models.CharField(
        _("domain of recipients"), max_length=253, blank=True, validators=[host_validate]
    )
    most = models.PositiveIntegerField(
        _("at most"), validators=[MinValueValidator(1), MaxValueValidator(MOST)]
    )
    per = models.CharField(_("in any"), max_length=8, choices=Per, default=Per.HOUR)
    is_active = models.BooleanField(_("in force"), default=True)

    class Meta:
        ordering = ["domain", "sender", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(sender__isnull=True) ^ Q(domain=""),
                name="messaging_ratelimit_sender_or_domain",
                violation_error_message=_("Choose a sender, or name a domain."),
            ),
            models.UniqueConstraint(
                fields=["sender", "per"],
                condition=Q(sender__isnull=False),
                name="messaging_ratelimit_once_a_sender",
                violation_error_message=_("This sender has a limit for this time already."),
            ),
            models.UniqueConstraint(
                fields=["domain", "per"],
                condition=~Q(domain=""),
                name="messaging_ratelimit_once_a_domain",
                violation_error_message=_("This domain has a limit for this time already."),
            ),
            models.CheckConstraint(
                condition=Q(most__gte=1, most__lte=10_000_000), name="messaging_ratelimit_in_range"
            ),
        ]

    def __str__(self) -> str:
        whose = self.domain or (self.sender.name if self.sender else "")
        told = {"limit": self.sentence, "whose": whose}
        return now_("%(limit)s to %(whose)s") % told if self.domain else now_("%(limit)s by %(whose)s") % told

    @property
    def sentence(self) -> str:
        """Say how many: "500 an hour"."""
        shown = {"most": formats.number_format(self.most, force_grouping=True)}
        return {
            self.Per.SECOND: now_("%(most)s a second"),
            self.Per.MINUTE: now_("%(most)s a minute"),
            self.Per.HOUR: now_("%(most)s an hour"),
            self.Per.DAY: now_("%(most)s in 24 hours"),
        }[self.Per(self.per)] % shown

    @property
    def facts(self) -> dict[str, Any]:
        """What it asks, as it is kept with whatever it held up."""
        return {"most": self.most, "per": self.per, "domain": self.domain, "sender": self.sender_id}

    @property
    def rule(self) -> rates.Rate:
        seconds = self.SECONDS[self.Per(self.per)]
        return rates.Rate(self.pk, self.most, seconds, sender=self.sender_id, domain=self.domain)


class WarmUp(TimeStamped):
    """
    How many mails a new sender may send on each calendar day, so that mailbox providers come to know it.

    The ceilings are those of the days from `starts_on` on, by the clock of `timezone`; after the last of them
    there is none.
    """

    DAYS = 90
    DEFAULT = (
        50,
        100,
        200,
        400,
        800,
        1500,
        3000,
        5000,
        8000,
        12_000,
        20_000,
        30_000,
        45_000,
        65_000,
        100_000,
    )

    sender = models.OneToOneField("messaging.Sender", on_delete=models.CASCADE, related_name="warm_up")
    starts_on = models.DateField(_("first day"))
    timezone = models.CharField(_("time zone"), max_length=64, default="UTC")
    ceilings = models.JSONField(_("at most, day by day"))
    is_active = models.BooleanField(_("in force"), default=True)

    class Meta:
        ordering = ["sender"]

    def __str__(self) -> str:
        return f"warm-up of sender {self.sender_id}"

    def clean(self) -> None:
        if self.timezone not in available_timezones():
            raise ValidationError({"timezone": now_("There is no such time zone.")})
        days = self.ceilings
        if not isinstance(days, list) or not 1 <= len(days) <= self.DAYS:
            told = now_("A plan has 1 to %(days)s days.") % {"days": self.DAYS}
            raise ValidationError({"ceilings": told})
        # A truth is a number in Python, but not in a plan.
        if any(type(day) is not int or not 1 <= day <= RateLimit.MOST for day in days):
            raise ValidationError({"ceilings": now_("Each day allows at least one mail: a number.")})

    @property
    def rule(self) -> rates.Ramp:
        return rates.Ramp(self.pk, self.sender_id, self.starts_on, tuple(self.ceilings), self.timezone)

    @property
    def last_day(self) -> date:
        return self.starts_on + timedelta(days=len(self.ceilings) - 1)


class RateTally(models.Model):
    """
    What counts against a limit or a warm-up plan at present; the key is that of `rates.Rule`.

    A row of its own, which is held by whoever passes a point of no return under the rule until that is
    committed: so two workers cannot both take the last place.
    """

    key = models.CharField(primary_key=True, max_length=32)
    used = models.JSONField(default=list)  # [[until, count], …]; see `rates`

    def __str__(self) -> str:
        return f"tally {self.key}"
