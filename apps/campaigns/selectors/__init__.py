"""Screens and endpoints of reading."""

from apps.campaigns.selectors.approvals import approvals_to_decide
from apps.campaigns.selectors.budget import WHOLE, budget_lines, budget_summary, spend_by_channel
from apps.campaigns.selectors.budget_upload import budget_channels_of, budget_upload_report, last_changed_by
from apps.campaigns.selectors.budgets import (
    Budgets,
    budget_years,
    budgets_by_month,
    budgets_sum,
    campaigns_with_budget,
)
from apps.campaigns.selectors.calendar import audiences, campaign_calendar, conflicts, marks_of, tasks_due
from apps.campaigns.selectors.challenges import (
    challenges_of,
    challenges_to_answer,
    challenges_waiting,
    offers,
)
from apps.campaigns.selectors.checklist import checklist, may_check
from apps.campaigns.selectors.element import campaign_elements
from apps.campaigns.selectors.events import EventSeen, events_seen
from apps.campaigns.selectors.expectation import (
    ExpectationView,
    acknowledgements_awaited,
    expectation_of,
    expectation_view,
    shortfalls_of,
    stakeholders_of,
)
from apps.campaigns.selectors.feed import feed_entries
from apps.campaigns.selectors.frame import Frame, campaign_frame
from apps.campaigns.selectors.history import entry_of, history
from apps.campaigns.selectors.lesson import Guide, guide, lesson_segments, lessons
from apps.campaigns.selectors.lineage import Generation, Lineage, campaign_lineage
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
from apps.campaigns.selectors.people import may_be_captain, may_work, people_named, team, who_may_see
from apps.campaigns.selectors.progress import goal_counted_by, goal_days, goal_progress, kpi_reached
from apps.campaigns.selectors.schedule import (
    Plan,
    PlanPreview,
    TaskMove,
    latest_move,
    plan,
    plan_preview,
    predecessors,
    successors,
    work_calendar,
)
from apps.campaigns.selectors.signoff import Awaited, SetNow, kpi_set_now, kpi_sets_awaited, said_of
from apps.campaigns.selectors.strategy import (
    GoalLine,
    channels_avoided,
    goal_campaigns,
    goal_lines,
    in_spite_of,
    not_doing,
    strategy_years,
    unaligned,
)
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
from apps.campaigns.selectors.templates import TemplatePlan, plan_templates, template_items, template_plan
from apps.campaigns.selectors.workloads import Load, Workload, workload

__all__ = [
    "WHOLE",
    "Awaited",
    "Budgets",
    "EventSeen",
    "ExpectationView",
    "Frame",
    "Generation",
    "GoalLine",
    "Guide",
    "Lineage",
    "Load",
    "MetricShown",
    "Plan",
    "PlanPreview",
    "SetNow",
    "TaskFilter",
    "TaskMove",
    "TemplatePlan",
    "Workload",
    "acknowledgements_awaited",
    "approvals_to_decide",
    "audiences",
    "board",
    "budget_channels_of",
    "budget_lines",
    "budget_summary",
    "budget_upload_report",
    "budget_years",
    "budgets_by_month",
    "budgets_sum",
    "by_stage",
    "campaign_calendar",
    "campaign_elements",
    "campaign_frame",
    "campaign_lineage",
    "campaigns",
    "campaigns_with_budget",
    "campaigns_with_tasks",
    "captained",
    "captained_by_stage",
    "captains",
    "challenges_of",
    "challenges_to_answer",
    "challenges_waiting",
    "channels_avoided",
    "checklist",
    "conflicts",
    "entry_of",
    "events_seen",
    "expectation_of",
    "expectation_view",
    "feed_entries",
    "goal_campaigns",
    "goal_counted_by",
    "goal_days",
    "goal_lines",
    "goal_progress",
    "guide",
    "history",
    "in_spite_of",
    "kpi_reached",
    "kpi_set_now",
    "kpi_sets_awaited",
    "last_changed_by",
    "latest_move",
    "lesson_segments",
    "lessons",
    "marks_of",
    "may_be_captain",
    "may_check",
    "may_work",
    "metric_shown",
    "metrics",
    "next_outcomes",
    "not_doing",
    "offers",
    "open_tasks_by_channel",
    "people_named",
    "people_with_tasks",
    "plan",
    "plan_preview",
    "plan_templates",
    "predecessors",
    "said_of",
    "shortfalls_of",
    "spend_by_channel",
    "stakeholders_of",
    "strategy_years",
    "successors",
    "task_columns",
    "task_month",
    "tasks",
    "tasks_due",
    "tasks_found",
    "tasks_mark",
    "tasks_of",
    "team",
    "template_items",
    "template_plan",
    "unaligned",
    "weeks_from",
    "who_may_see",
    "with_open_tasks",
    "work_calendar",
    "workload",
]
