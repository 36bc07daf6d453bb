from apps.campaigns.api.approvals import CampaignApprovalsViewSet
from apps.campaigns.api.budget import BudgetLineViewSet, CampaignBudgetViewSet
from apps.campaigns.api.calendar import CalendarEntryViewSet
from apps.campaigns.api.campaigns import CampaignViewSet
from apps.campaigns.api.challenges import CampaignChallengesViewSet, ChallengerViewSet, ChallengeViewSet
from apps.campaigns.api.expectation import CampaignExpectationViewSet
from apps.campaigns.api.lesson import LessonViewSet
from apps.campaigns.api.metrics import MetricViewSet
from apps.campaigns.api.parts import ChannelViewSet, ContributorViewSet, KpiViewSet, TaskViewSet
from apps.campaigns.api.strategy import NotDoingViewSet, YearGoalViewSet
from apps.campaigns.api.templates import HolidayViewSet, PlanTemplateViewSet, WorkWeekViewSet

__all__ = [
    "BudgetLineViewSet",
    "CalendarEntryViewSet",
    "CampaignApprovalsViewSet",
    "CampaignBudgetViewSet",
    "CampaignChallengesViewSet",
    "CampaignExpectationViewSet",
    "CampaignViewSet",
    "ChallengeViewSet",
    "ChallengerViewSet",
    "ChannelViewSet",
    "ContributorViewSet",
    "HolidayViewSet",
    "KpiViewSet",
    "LessonViewSet",
    "MetricViewSet",
    "NotDoingViewSet",
    "PlanTemplateViewSet",
    "TaskViewSet",
    "WorkWeekViewSet",
    "YearGoalViewSet",
]
