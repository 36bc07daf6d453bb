from apps.campaigns.models.campaign import Campaign, CampaignQuerySet, Kpi, Override
from apps.campaigns.models.element import OWNED, Element, ElementOwner
from apps.campaigns.models.goal import GoalCount
from apps.campaigns.models.lesson import Lesson, LessonQuerySet
from apps.campaigns.models.strategy import NotDoing, YearGoal
from apps.campaigns.models.task import Task, TaskQuerySet
from apps.campaigns.models.team import Channel, Contributor

__all__ = [
    "OWNED",
    "Campaign",
    "CampaignQuerySet",
    "Channel",
    "Contributor",
    "Element",
    "ElementOwner",
    "GoalCount",
    "Kpi",
    "Lesson",
    "LessonQuerySet",
    "NotDoing",
    "Override",
    "Task",
    "TaskQuerySet",
    "YearGoal",
]
