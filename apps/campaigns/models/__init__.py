from apps.campaigns.models.approval import Approval, ApprovalQuerySet
from apps.campaigns.models.campaign import Campaign, CampaignQuerySet, Kpi, Override
from apps.campaigns.models.challenge import Challenge, ChallengeAnswer, ChallengeQuerySet, Challenger
from apps.campaigns.models.goal import GoalCount
from apps.campaigns.models.task import Task, TaskQuerySet
from apps.campaigns.models.team import Channel, Contributor

__all__ = [
    "Approval",
    "ApprovalQuerySet",
    "Campaign",
    "CampaignQuerySet",
    "Challenge",
    "ChallengeAnswer",
    "ChallengeQuerySet",
    "Challenger",
    "Channel",
    "Contributor",
    "GoalCount",
    "Kpi",
    "Override",
    "Task",
    "TaskQuerySet",
]
