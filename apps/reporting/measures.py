"""What a campaign counts: its goal, and its KPIs. Pure."""

from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext as _

from apps.campaigns.models import Campaign

GOAL = "goal"


@dataclass(frozen=True)
class Measure:
    """
    Events of one name that are counted.

    `where` holds conditions on properties as in a segment rule; `value_property` names the property with
    the worth of one event, '' when events are only counted.
    """

    key: str
    label: str
    event: str
    where: tuple[dict[str, Any], ...]
    value_property: str


def campaign_measures(campaign: Campaign) -> list[Measure]:
    """Return the goal first, then the KPIs in their order; without a goal event only the KPIs."""
    measures = [
        Measure(
            f"kpi:{kpi.pk}", kpi.label, kpi.metric.event, tuple(kpi.metric.where), kpi.metric.value_property
        )
        for kpi in campaign.kpis.with_metric()
        if kpi.metric.event  # what is built in is counted where it happens
    ]
    if campaign.goal_event:
        goal = Measure(
            GOAL, _("Goal"), campaign.goal_event, tuple(campaign.goal_where), campaign.value_property
        )
        measures.insert(0, goal)
    return measures


def definition(campaign: Campaign) -> list[Any]:
    """Return what the campaign's conversions are counted by, as JSON that can be compared."""
    counted = [{**asdict(measure), "where": list(measure.where)} for measure in campaign_measures(campaign)]
    for measure in counted:
        del measure["label"]
    return [campaign.conversion_window_days, *counted]
