"""Moving a campaign to other days, and taking that back."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from apps.accounts.models import User
from apps.campaigns.models import Campaign
from apps.campaigns.services.campaign import campaign_update


def campaign_move(
    *,
    campaign: Campaign,
    dates: Mapping[str, date],
    by: User,
    now: datetime,
    seen: int | None = None,
    shown: str | None = None,
) -> Campaign:
    """
    Give a campaign other days, and its tasks with it: the one way of calendar, timeline and their undo.

    `shown` is as for `tasks_follow`: taking a move back shows nothing first.

    :raises ChangedMeanwhile: somebody moved it after version `seen`
    :raises MoveUnseen: other tasks would move than were shown
    :raises DatesDoNotFit: the days contradict each other, or have passed
    """
    days: dict[str, Any] = {**dates}
    return campaign_update(campaign=campaign, by=by, now=now, seen=seen, shown=shown, **days)
