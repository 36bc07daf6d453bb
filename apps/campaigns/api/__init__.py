from apps.campaigns.api.campaigns import CampaignViewSet
from apps.campaigns.api.metrics import MetricViewSet
from apps.campaigns.api.parts import ChannelViewSet, ContributorViewSet, KpiViewSet, TaskViewSet

__all__ = [
    "CampaignViewSet",
    "ChannelViewSet",
    "ContributorViewSet",
    "KpiViewSet",
    "MetricViewSet",
    "TaskViewSet",
]
