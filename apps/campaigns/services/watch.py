import logging
from datetime import datetime, timedelta

from django.db import DatabaseError, transaction
from django.db.models import Q

from apps.campaigns import readiness, selectors
from apps.campaigns.models import Campaign, GoalCount, Kpi
from apps.campaigns.progress import period_of
from apps.campaigns.services.expectation import expectation_watch
from apps.core.errors import DomainError
from apps.core.queues import ring
from apps.segments.rules import RuleInvalid

logger = logging.getLogger(__name__)

WATCH_TASK = "apps.campaigns.tasks.campaigns_watch"
EVERY = timedelta(minutes=5)
EVERY_CLOSED = timedelta(days=1)  # what comes late is seldom
BATCH_SIZE = 25
EVERY_KPI = timedelta(hours=1)  # all events of each are read
# An event may be committed later than one that was received after it. What is younger is not kept: pages
# count it themselves.
OVERLAP = timedelta(minutes=10)
BEFORE_LAUNCH = {
    Campaign.Stage.PLANNING,
    Campaign.Stage.BUILDING,
    Campaign.Stage.REVIEW,
    Campaign.Stage.READY,
}


def campaigns_watch(*, now: datetime) -> None:
    """
    Take the snapshot that lists and boards show of campaigns, a batch of them, and ring for more.

    May run at any time, many times at once: it writes what it has just seen and nothing else. A campaign of
    which nothing can be seen is told in the log, and stands in line behind the others.
    """
    due = Campaign.objects.unwatched_since(now - EVERY, closed=now - EVERY_CLOSED)
    batch = list(due.select_related("segment", "captain")[:BATCH_SIZE])
    for campaign in batch:
        # Before the look and not after it: whatever stops it, the next ring begins with another.
        _snapshot_set(campaign, watched_at=now)
        try:
            with transaction.atomic():
                _watch(campaign, now)
        except (DatabaseError, DomainError, ArithmeticError):
            logger.exception("campaign %s could not be watched", campaign.pk)
            _snapshot_set(campaign, goal_reached=None, blockers=None)
    if len(batch) == BATCH_SIZE:
        ring(WATCH_TASK)


def _watch(campaign: Campaign, now: datetime) -> None:
    if campaign.goal_event:
        _goal_keep(campaign, now)
    _kpis_count(campaign, now)
    progress = selectors.goal_progress(campaign, now)
    expectation_watch(campaign=campaign, progress=progress, now=now)
    _snapshot_set(
        campaign,
        goal_reached=progress.reached,
        blockers=len(_blockers(campaign, now)) if campaign.stage in BEFORE_LAUNCH else 0,
    )


def _kpis_count(campaign: Campaign, now: datetime) -> None:
    """Count the KPIs of a campaign under way whose snapshot is old."""
    if campaign.stage in {Campaign.Stage.IDEA, Campaign.Stage.CLOSED}:
        return
    is_old = Q(reached_at__isnull=True) | Q(reached_at__lt=now - EVERY_KPI)
    for kpi in campaign.kpis.with_metric().filter(is_old):
        Kpi.objects.filter(pk=kpi.pk).update(reached=selectors.kpi_reached(kpi, now), reached_at=now)


def _goal_keep(campaign: Campaign, now: datetime) -> None:
    """Count the goal anew, for the pages to add to; a goal that cannot be counted says so on the page."""
    end = period_of(campaign).ends_at
    is_over = end is not None and end <= now
    # After the last day pages add nothing: what is in by now counts now, and what is missed the next time.
    horizon = now if is_over else now - OVERLAP
    try:
        days = selectors.goal_days(campaign, now, horizon=horizon)
    except RuleInvalid:
        return
    kept = {
        "counted_by": selectors.goal_counted_by(campaign),
        "horizon": horizon,
        "days": [[day.isoformat(), str(count)] for day, count in sorted(days.items())],
    }
    GoalCount.objects.update_or_create(campaign=campaign, defaults=kept)


def _snapshot_set(campaign: Campaign, **values: object) -> None:
    # No edit: neither the version nor the time of the last change moves.
    Campaign.objects.filter(pk=campaign.pk).update(**values)


def _blockers(campaign: Campaign, now: datetime) -> list[str]:
    # That the stage is too early is what every campaign before its launch has in common.
    return readiness.problems(campaign, now, but=frozenset({readiness.STAGE_CHECK}))
