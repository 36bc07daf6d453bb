from apps.campaigns.models.campaign import Campaign, CampaignQuerySet, Kpi, Override
from apps.campaigns.models.checklist import ChecklistItem
from apps.campaigns.models.goal import GoalCount
from apps.campaigns.models.recurrence import Recurrence
from apps.campaigns.models.task import Task, TaskQuerySet
from apps.campaigns.models.team import Channel, Contributor

__all__ = [
    "Campaign",
    "CampaignQuerySet",
    "Channel",
    "ChecklistItem",
    "Contributor",
    "GoalCount",
    "Kpi",
    "Override",
    "Recurrence",
    "Task",
    "TaskQuerySet",
]
