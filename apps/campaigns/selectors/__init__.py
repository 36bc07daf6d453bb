"""Screens and endpoints of reading."""

from apps.campaigns.selectors.calendar import audiences, campaign_calendar, conflicts, marks_of, tasks_due
from apps.campaigns.selectors.events import EventSeen, events_seen
from apps.campaigns.selectors.feed import feed_entries
from apps.campaigns.selectors.frame import Frame, campaign_frame
from apps.campaigns.selectors.history import entry_of, history
from apps.campaigns.selectors.lists import board, by_stage, campaigns, captained, captains, next_outcomes
from apps.campaigns.selectors.people import may_be_captain, may_work, people_named, team
from apps.campaigns.selectors.progress import goal_counted_by, goal_days, goal_progress
from apps.campaigns.selectors.tasks import open_tasks_by_channel, tasks, tasks_of, with_open_tasks

__all__ = [
    "EventSeen",
    "Frame",
    "audiences",
    "board",
    "by_stage",
    "campaign_calendar",
    "campaign_frame",
    "campaigns",
    "captained",
    "captains",
    "conflicts",
    "entry_of",
    "events_seen",
    "feed_entries",
    "goal_counted_by",
    "goal_days",
    "goal_progress",
    "history",
    "marks_of",
    "may_be_captain",
    "may_work",
    "next_outcomes",
    "open_tasks_by_channel",
    "people_named",
    "tasks",
    "tasks_due",
    "tasks_of",
    "team",
    "with_open_tasks",
]
