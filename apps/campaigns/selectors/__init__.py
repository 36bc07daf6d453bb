"""Screens and endpoints of reading."""

from apps.campaigns.selectors.approvals import approvals_to_decide
from apps.campaigns.selectors.challenges import (
    challenges_of,
    challenges_to_answer,
    challenges_waiting,
    offers,
    tasks_held,
)
from apps.campaigns.selectors.events import EventSeen, events_seen
from apps.campaigns.selectors.frame import Frame, campaign_frame
from apps.campaigns.selectors.history import entry_of, history
from apps.campaigns.selectors.lists import board, by_stage, campaigns, captained, captains, next_outcomes
from apps.campaigns.selectors.people import may_be_captain, may_work, team
from apps.campaigns.selectors.progress import goal_counted_by, goal_days, goal_progress
from apps.campaigns.selectors.tasks import open_tasks_by_channel, tasks, tasks_of, with_open_tasks

__all__ = [
    "EventSeen",
    "Frame",
    "approvals_to_decide",
    "board",
    "by_stage",
    "campaign_frame",
    "campaigns",
    "captained",
    "captains",
    "challenges_of",
    "challenges_to_answer",
    "challenges_waiting",
    "entry_of",
    "events_seen",
    "goal_counted_by",
    "goal_days",
    "goal_progress",
    "history",
    "may_be_captain",
    "may_work",
    "next_outcomes",
    "offers",
    "open_tasks_by_channel",
    "tasks",
    "tasks_held",
    "tasks_of",
    "team",
    "with_open_tasks",
]
