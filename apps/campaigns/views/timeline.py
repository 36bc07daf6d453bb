"""The timeline over the filtered campaigns."""

from datetime import date, datetime
from typing import Any

from django.utils import timezone

from apps.accounts.http import UserRequest
from apps.campaigns import bars
from apps.campaigns.models import CampaignQuerySet
from apps.core.lists import ListQuery, day_read


def timeline_context(
    request: UserRequest, asked: ListQuery, found: CampaignQuerySet, now: datetime
) -> dict[str, Any]:
    """Gather a page of campaigns that run in a year of months, those that begin first on top."""
    today = timezone.localdate(now)
    day = day_read(request.GET.get("day", ""))
    is_sane = day is not None and date(1901, 1, 1) < day < date(2199, 1, 1)
    months = bars.months_of(day) if day and is_sane else bars.months_around(today)
    listing = asked.page(found.between(first=months.first, last=months.end), ordering=["begins"])
    return {
        "listing": listing,
        "timeline": [(campaign, bars.line_of(campaign, months, today)) for campaign in listing.rows],
        "months": months,
        "earlier_url": asked.url(day=months.earlier.isoformat()),
        "later_url": asked.url(day=months.later.isoformat()),
        "today_url": asked.url(day=""),
    }
