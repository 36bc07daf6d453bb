from datetime import datetime, timedelta

from apps.campaigns import readiness, stages
from apps.campaigns.models import Campaign
from apps.campaigns.selectors.progress import goal_progress
from apps.core.queues import ring

WATCH_TASK = "apps.campaigns.tasks.campaigns_watch"
EVERY = timedelta(minutes=5)
BATCH_SIZE = 25


def campaigns_watch(*, now: datetime) -> None:
    """
    Take the snapshot that lists and boards show of campaigns under way, a batch of them, and ring for more.

    May run at any time, many times at once: it writes what it has just seen and nothing else.
    """
    batch = list(Campaign.objects.unwatched_since(now - EVERY).select_related("segment")[:BATCH_SIZE])
    for campaign in batch:
        before_launch = stages.is_forward(campaign, Campaign.Stage.LIVE)
        # No edit: neither the version nor the time of the last change moves.
        Campaign.objects.filter(pk=campaign.pk).update(
            goal_reached=goal_progress(campaign, now).reached,
            blockers=len(_blockers(campaign, now)) if before_launch else 0,
            watched_at=now,
        )
    if len(batch) == BATCH_SIZE:
        ring(WATCH_TASK)


def _blockers(campaign: Campaign, now: datetime) -> list[str]:
    # That the stage is too early is what every campaign before its launch has in common.
    return readiness.problems(campaign, now, but=frozenset({readiness.STAGE_CHECK}))
