from apps.campaigns.api.budget import BudgetLineViewSet, CampaignBudgetViewSet
from apps.campaigns.api.campaigns import CampaignViewSet
from apps.campaigns.api.expectation import CampaignExpectationViewSet
from apps.campaigns.api.parts import ChannelViewSet, ContributorViewSet, KpiViewSet, TaskViewSet

__all__ = [
    "BudgetLineViewSet",
    "CampaignBudgetViewSet",
    "CampaignExpectationViewSet",
    "CampaignViewSet",
    "ChannelViewSet",
    "ContributorViewSet",
    "KpiViewSet",
    "TaskViewSet",
]
