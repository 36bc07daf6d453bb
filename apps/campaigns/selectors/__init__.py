"""Screens and endpoints of reading."""

from apps.campaigns.selectors.checklist import checklist, may_check
from apps.campaigns.selectors.events import EventSeen, events_seen
from apps.campaigns.selectors.frame import Frame, campaign_frame
from apps.campaigns.selectors.history import entry_of, history
from apps.campaigns.selectors.lists import board, by_stage, campaigns, captained, captains, next_outcomes
from apps.campaigns.selectors.people import may_be_captain, may_work, team, who_may_see
from apps.campaigns.selectors.progress import goal_counted_by, goal_days, goal_progress
from apps.campaigns.selectors.task_board import (
    TaskFilter,
    campaigns_with_tasks,
    people_with_tasks,
    task_columns,
    task_month,
    tasks_found,
    tasks_mark,
    weeks_from,
)
from apps.campaigns.selectors.tasks import open_tasks_by_channel, tasks, tasks_of, with_open_tasks
from apps.campaigns.selectors.workloads import Load, Workload, workload

__all__ = [
    "EventSeen",
    "Frame",
    "Load",
    "TaskFilter",
    "Workload",
    "board",
    "by_stage",
    "campaign_frame",
    "campaigns",
    "campaigns_with_tasks",
    "captained",
    "captains",
    "checklist",
    "entry_of",
    "events_seen",
    "goal_counted_by",
    "goal_days",
    "goal_progress",
    "history",
    "may_be_captain",
    "may_check",
    "may_work",
    "next_outcomes",
    "open_tasks_by_channel",
    "people_with_tasks",
    "task_columns",
    "task_month",
    "tasks",
    "tasks_found",
    "tasks_mark",
    "tasks_of",
    "team",
    "weeks_from",
    "who_may_see",
    "with_open_tasks",
    "workload",
]
