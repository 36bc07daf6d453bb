from apps.campaigns.models.budget import BudgetLine, BudgetLineQuerySet, BudgetUpload
from apps.campaigns.models.campaign import Campaign, CampaignQuerySet, Kpi, Override
from apps.campaigns.models.expectation import Expectation, Shortfall, Stakeholder
from apps.campaigns.models.goal import GoalCount
from apps.campaigns.models.task import Task, TaskQuerySet
from apps.campaigns.models.team import Channel, Contributor

__all__ = [
    "BudgetLine",
    "BudgetLineQuerySet",
    "BudgetUpload",
    "Campaign",
    "CampaignQuerySet",
    "Channel",
    "Contributor",
    "Expectation",
    "GoalCount",
    "Kpi",
    "Override",
    "Shortfall",
    "Stakeholder",
    "Task",
    "TaskQuerySet",
]
