from apps.campaigns.api.campaigns import CampaignViewSet
from apps.campaigns.api.lesson import LessonViewSet
from apps.campaigns.api.parts import ChannelViewSet, ContributorViewSet, KpiViewSet, TaskViewSet
from apps.campaigns.api.strategy import NotDoingViewSet, YearGoalViewSet

__all__ = [
    "CampaignViewSet",
    "ChannelViewSet",
    "ContributorViewSet",
    "KpiViewSet",
    "LessonViewSet",
    "NotDoingViewSet",
    "TaskViewSet",
    "YearGoalViewSet",
]
