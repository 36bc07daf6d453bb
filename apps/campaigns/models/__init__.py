from apps.campaigns.models.calendar import Holiday, WorkWeek
from apps.campaigns.models.campaign import Campaign, CampaignQuerySet, Kpi, Override
from apps.campaigns.models.goal import GoalCount
from apps.campaigns.models.plan import PlanMove, PlanTemplate, PlanTemplateItem, PlanTemplateQuerySet
from apps.campaigns.models.task import Anchor, Task, TaskDependency, TaskQuerySet
from apps.campaigns.models.team import Channel, Contributor

__all__ = [
    "Anchor",
    "Campaign",
    "CampaignQuerySet",
    "Channel",
    "Contributor",
    "GoalCount",
    "Holiday",
    "Kpi",
    "Override",
    "PlanMove",
    "PlanTemplate",
    "PlanTemplateItem",
    "PlanTemplateQuerySet",
    "Task",
    "TaskDependency",
    "TaskQuerySet",
    "WorkWeek",
]
