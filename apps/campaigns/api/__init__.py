from apps.campaigns.api.approvals import CampaignApprovalsViewSet
from apps.campaigns.api.campaigns import CampaignViewSet
from apps.campaigns.api.challenges import (
    CampaignChallengesViewSet,
    ChallengerViewSet,
    ChallengeViewSet,
)
from apps.campaigns.api.parts import ChannelViewSet, ContributorViewSet, KpiViewSet, TaskViewSet

__all__ = [
    "CampaignApprovalsViewSet",
    "CampaignChallengesViewSet",
    "CampaignViewSet",
    "ChallengeViewSet",
    "ChallengerViewSet",
    "ChannelViewSet",
    "ContributorViewSet",
    "KpiViewSet",
    "TaskViewSet",
]
