from apps.campaigns.api.campaigns import CampaignViewSet
from apps.campaigns.api.parts import ChannelViewSet, ContributorViewSet, KpiViewSet, TaskViewSet

__all__ = ["CampaignViewSet", "ChannelViewSet", "ContributorViewSet", "KpiViewSet", "TaskViewSet"]
