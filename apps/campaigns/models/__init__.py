from apps.campaigns.models.campaign import Campaign, CampaignQuerySet, Override
from apps.campaigns.models.goal import GoalCount
from apps.campaigns.models.metric import Kpi, Metric, MetricVersion
from apps.campaigns.models.signoff import KpiReview, KpiSet, SignOff
from apps.campaigns.models.task import Task, TaskQuerySet
from apps.campaigns.models.team import Channel, Contributor

__all__ = [
    "Campaign",
    "CampaignQuerySet",
    "Channel",
    "Contributor",
    "GoalCount",
    "Kpi",
    "KpiReview",
    "KpiSet",
    "Metric",
    "MetricVersion",
    "Override",
    "SignOff",
    "Task",
    "TaskQuerySet",
]
