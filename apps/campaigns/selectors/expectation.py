from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString

from apps.campaigns.expectations import Standing, chart_of, standing_of, variance_text
from apps.campaigns.models import Campaign, Expectation, Stakeholder
from apps.campaigns.progress import GoalProgress
from apps.campaigns.selectors.progress import goal_progress


@dataclass(frozen=True)
class ExpectationView:
    """A campaign's curve with what was counted beside it, and in words."""

    expectation: Expectation
    standing: Standing
    sentence: str

    @property
    def chart(self) -> SafeString:
        return chart_of(self.standing)


def expectation_of(campaign: Campaign) -> Expectation | None:
    joined = campaign._state.fields_cache  # by `shown`: pages have it with the campaign
    if "expectation" not in joined:
        return Expectation.objects.filter(campaign=campaign).first()
    found: Expectation | None = joined["expectation"]
    return found


def expectation_view(
    campaign: Campaign, now: datetime, *, progress: GoalProgress | None = None
) -> ExpectationView | None:
    """
    Compare the curve with what is counted now; None: nobody has said what to expect.

    `progress`, where it has been counted already.
    """
    expectation = expectation_of(campaign)
    if expectation is None:
        return None
    progress = progress or goal_progress(campaign, now)
    standing = standing_of(expectation.by_month, progress, alert_percent=expectation.alert_percent)
    return ExpectationView(expectation, standing, variance_text(campaign, standing))


def stakeholders_of(campaign: Campaign) -> list[Stakeholder]:
    return list(Stakeholder.objects.filter(campaign=campaign).select_related("user"))
