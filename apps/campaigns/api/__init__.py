from apps.campaigns.api.calendar import CalendarEntryViewSet
from apps.campaigns.api.campaigns import CampaignViewSet
from apps.campaigns.api.parts import ChannelViewSet, ContributorViewSet, KpiViewSet, TaskViewSet

__all__ = [
    "CalendarEntryViewSet",
    "CampaignViewSet",
    "ChannelViewSet",
    "ContributorViewSet",
    "KpiViewSet",
    "TaskViewSet",
]
