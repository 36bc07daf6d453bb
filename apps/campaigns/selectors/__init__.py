"""Screens and endpoints of reading."""

from apps.campaigns.selectors.events import EventSeen, events_seen
from apps.campaigns.selectors.frame import Frame, campaign_frame
from apps.campaigns.selectors.history import entry_of, history
from apps.campaigns.selectors.lists import (
    board,
    by_stage,
    campaigns,
    captained,
    captained_by_stage,
    captains,
    next_outcomes,
)
from apps.campaigns.selectors.metrics import MetricShown, metric_shown, metrics
from apps.campaigns.selectors.people import may_be_captain, may_work, team
from apps.campaigns.selectors.progress import goal_counted_by, goal_days, goal_progress, kpi_reached
from apps.campaigns.selectors.signoff import Awaited, SetNow, kpi_set_now, kpi_sets_awaited, said_of
from apps.campaigns.selectors.tasks import open_tasks_by_channel, tasks, tasks_of, with_open_tasks

__all__ = [
    "Awaited",
    "EventSeen",
    "Frame",
    "MetricShown",
    "SetNow",
    "board",
    "by_stage",
    "campaign_frame",
    "campaigns",
    "captained",
    "captained_by_stage",
    "captains",
    "entry_of",
    "events_seen",
    "goal_counted_by",
    "goal_days",
    "goal_progress",
    "history",
    "kpi_reached",
    "kpi_set_now",
    "kpi_sets_awaited",
    "may_be_captain",
    "may_work",
    "metric_shown",
    "metrics",
    "next_outcomes",
    "open_tasks_by_channel",
    "said_of",
    "tasks",
    "tasks_of",
    "team",
    "with_open_tasks",
]
