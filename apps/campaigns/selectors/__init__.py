"""Screens and endpoints of reading."""

from apps.campaigns.selectors.budget import WHOLE, budget_lines, budget_summary, spend_by_channel
from apps.campaigns.selectors.budget_upload import budget_channels_of, budget_upload_report, last_changed_by
from apps.campaigns.selectors.budgets import (
    Budgets,
    budget_years,
    budgets_by_month,
    budgets_sum,
    campaigns_with_budget,
)
from apps.campaigns.selectors.events import EventSeen, events_seen
from apps.campaigns.selectors.expectation import (
    ExpectationView,
    acknowledgements_awaited,
    expectation_of,
    expectation_view,
    shortfalls_of,
    stakeholders_of,
)
from apps.campaigns.selectors.frame import Frame, campaign_frame
from apps.campaigns.selectors.history import entry_of, history
from apps.campaigns.selectors.lists import board, by_stage, campaigns, captained, captains, next_outcomes
from apps.campaigns.selectors.people import may_be_captain, may_work, team
from apps.campaigns.selectors.progress import goal_counted_by, goal_days, goal_progress
from apps.campaigns.selectors.tasks import open_tasks_by_channel, tasks, tasks_of, with_open_tasks

__all__ = [
    "WHOLE",
    "Budgets",
    "EventSeen",
    "ExpectationView",
    "Frame",
    "acknowledgements_awaited",
    "board",
    "budget_channels_of",
    "budget_lines",
    "budget_summary",
    "budget_upload_report",
    "budget_years",
    "budgets_by_month",
    "budgets_sum",
    "by_stage",
    "campaign_frame",
    "campaigns",
    "campaigns_with_budget",
    "captained",
    "captains",
    "entry_of",
    "events_seen",
    "expectation_of",
    "expectation_view",
    "goal_counted_by",
    "goal_days",
    "goal_progress",
    "history",
    "last_changed_by",
    "may_be_captain",
    "may_work",
    "next_outcomes",
    "open_tasks_by_channel",
    "shortfalls_of",
    "spend_by_channel",
    "stakeholders_of",
    "tasks",
    "tasks_of",
    "team",
    "with_open_tasks",
]
