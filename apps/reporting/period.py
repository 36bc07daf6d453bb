"""From when to when a campaign's messages can convert, for its results and for closing it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Min
from django.db.models.functions import Coalesce, Least
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.campaigns.dates import day_text
from apps.campaigns.models import Campaign
from apps.campaigns.readiness import Finding
from apps.campaigns.stages import Criterion, criteria
from apps.messaging.models import Message, Recipient

# An event may be committed later than one that was received after it, and a mail settled after its click.
OVERLAP = timedelta(minutes=10)


@dataclass(frozen=True)
class Period:
    """From the first message's hour to the end of the last one's conversion window."""

    start: datetime
    end: datetime

    def is_over(self, at: datetime) -> bool:
        return at > self.end + OVERLAP


def campaign_period(campaign: Campaign) -> Period | None:
    """Return the period of a campaign's launched messages; None before the first launch."""
    launched = Message.objects.filter(campaign=campaign, launched_at__isnull=False)
    due_at = Coalesce("scheduled_at", "launched_at")
    # One that was cancelled before its hour is over: of NULL and an hour, `Least` is the hour.
    hours = launched.aggregate(first=Min(due_at), last=Max(Least(due_at, "finished_at")))
    if hours["first"] is None:
        return None
    return Period(hours["first"], hours["last"] + timedelta(days=campaign.conversion_window_days))


def _window_is_over(campaign: Campaign, now: datetime) -> Finding:
    if Recipient.objects.unfinished().filter(message__campaign=campaign).exists():
        return Finding(
            False,
            _("A message is still being sent."),
            reverse("campaigns:tab", args=[campaign.pk, "messages"]),
        )
    period = campaign_period(campaign)
    if period is None or period.is_over(now):
        return Finding(True, _("The conversion window is over."))
    day = day_text(timezone.localdate(period.end))
    return Finding(False, _("Conversions can still come until %(day)s.") % {"day": day})


def register() -> None:
    """Add what closing a campaign takes; called from `AppConfig.ready`."""
    label = gettext_lazy("The conversion window is over")
    criteria.register("reporting.window", Criterion(Campaign.Stage.CLOSED, label, _window_is_over))
