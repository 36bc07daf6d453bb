"""Which year a campaign belongs to. Pure."""

from datetime import date

from apps.campaigns.models import Campaign


def year_of(campaign: Campaign, *, today: date) -> int:
    """Return the year whose strategy a campaign is measured by: that of its launch, its outcome, or now."""
    return (campaign.launch_date or campaign.goal_date or today).year
