"""What a card of the board says at a glance, from the snapshot that is taken every few minutes. Pure."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from apps.campaigns.models import Campaign
from apps.campaigns.progress import GoalProgress, period_of


@dataclass(frozen=True)
class Light:
    """How the figures of a campaign go: a tone, and the word that it stands for."""

    tone: str
    label: str


def light_of(campaign: Campaign, now: datetime) -> Light:
    """Return the light: against an even pace from the first day to the outcome's; before the launch none."""
    counted = campaign.watched_at
    if campaign.goal_reached is None or not campaign.goal_target or counted is None:
        return Light("neutral", _("Not counted yet"))
    reached = [(now.date(), campaign.goal_reached)]
    progress = GoalProgress(period_of(campaign), campaign.goal_target, now, counted, reached)
    if progress.is_reached:
        return Light("good", _("Reached"))
    is_before_launch = campaign.launch_date is not None and now.date() < campaign.launch_date
    if not progress.has_begun or is_before_launch:
        return Light("neutral", _("Not launched yet") if progress.has_begun else _("Not begun"))
    if progress.is_over:
        return Light("bad", _("Missed"))
    if progress.is_behind:
        return Light("warn", _("Behind"))
    return Light("good", _("On pace"))
