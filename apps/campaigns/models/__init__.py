from apps.campaigns.models.campaign import Campaign, CampaignQuerySet, Kpi, Override
from apps.campaigns.models.goal import GoalCount
from apps.campaigns.models.strategy import NotDoing, YearGoal
from apps.campaigns.models.task import Task, TaskQuerySet
from apps.campaigns.models.team import Channel, Contributor

__all__ = [
    "Campaign",
    "CampaignQuerySet",
    "Channel",
    "Contributor",
    "GoalCount",
    "Kpi",
    "NotDoing",
    "Override",
    "Task",
    "TaskQuerySet",
    "YearGoal",
]
