from apps.campaigns.models.approval import Approval, ApprovalQuerySet
from apps.campaigns.models.budget import BudgetLine, BudgetLineQuerySet, BudgetUpload
from apps.campaigns.models.calendar import Holiday, WorkWeek
from apps.campaigns.models.campaign import Campaign, CampaignQuerySet, Override
from apps.campaigns.models.challenge import Challenge, ChallengeAnswer, ChallengeQuerySet, Challenger
from apps.campaigns.models.checklist import ChecklistItem
from apps.campaigns.models.element import OWNED, Element, ElementOwner
from apps.campaigns.models.expectation import Expectation, Shortfall, Stakeholder
from apps.campaigns.models.feed import CalendarFeed
from apps.campaigns.models.goal import GoalCount
from apps.campaigns.models.lesson import Lesson, LessonQuerySet
from apps.campaigns.models.metric import Kpi, Metric, MetricVersion
from apps.campaigns.models.plan import PlanMove, PlanTemplate, PlanTemplateItem, PlanTemplateQuerySet
from apps.campaigns.models.recurrence import Recurrence
from apps.campaigns.models.signoff import KpiReview, KpiSet, SignOff
from apps.campaigns.models.strategy import NotDoing, YearGoal
from apps.campaigns.models.task import Anchor, Task, TaskDependency, TaskQuerySet
from apps.campaigns.models.team import Channel, Contributor

__all__ = [
    "OWNED",
    "Anchor",
    "Approval",
    "ApprovalQuerySet",
    "BudgetLine",
    "BudgetLineQuerySet",
    "BudgetUpload",
    "CalendarFeed",
    "Campaign",
    "CampaignQuerySet",
    "Challenge",
    "ChallengeAnswer",
    "ChallengeQuerySet",
    "Challenger",
    "Channel",
    "ChecklistItem",
    "Contributor",
    "Element",
    "ElementOwner",
    "Expectation",
    "GoalCount",
    "Holiday",
    "Kpi",
    "KpiReview",
    "KpiSet",
    "Lesson",
    "LessonQuerySet",
    "Metric",
    "MetricVersion",
    "NotDoing",
    "Override",
    "PlanMove",
    "PlanTemplate",
    "PlanTemplateItem",
    "PlanTemplateQuerySet",
    "Recurrence",
    "Shortfall",
    "SignOff",
    "Stakeholder",
    "Task",
    "TaskDependency",
    "TaskQuerySet",
    "WorkWeek",
    "YearGoal",
]
