"""Acts on campaigns: what a person, a program or a launch does to them."""

from apps.campaigns.services.apply import template_apply
from apps.campaigns.services.approval import (
    approval_ask,
    approval_give,
    approval_send_back,
    campaign_rules_set,
)
from apps.campaigns.services.budget import (
    budget_line_add,
    budget_line_remove,
    budget_line_restore,
    budget_line_update,
)
from apps.campaigns.services.budget_upload import budget_rows_keep, budget_upload_apply, budget_upload_keep
from apps.campaigns.services.campaign import (
    campaign_archive,
    campaign_create,
    campaign_restore,
    campaign_update,
    captain_change,
    dates_check,
    wizard_step_done,
)
from apps.campaigns.services.challenge import (
    challenge_answer,
    challenge_raise,
    challenge_resolve,
    challenger_add,
    challenger_remove,
)
from apps.campaigns.services.checklist import checklist_add, checklist_move, checklist_remove, checklist_tick
from apps.campaigns.services.dependency import dependency_add, dependency_remove, task_pin, task_unpin
from apps.campaigns.services.element import element_set
from apps.campaigns.services.expectation import (
    expectation_acknowledge,
    expectation_set,
    stakeholder_add,
    stakeholder_remove,
)
from apps.campaigns.services.feed import feed_make, feed_of, feed_revoke, feed_token, feed_view_set
from apps.campaigns.services.holidays import (
    DayWanted,
    days_read,
    holiday_add,
    holiday_remove,
    holidays_import,
    work_week_set,
)
from apps.campaigns.services.kpi import kpi_add, kpi_move, kpi_remove, kpi_update
from apps.campaigns.services.lesson import lesson_add, lesson_archive, lesson_restore, lesson_update
from apps.campaigns.services.metric import metric_archive, metric_create, metric_restore, metric_update
from apps.campaigns.services.move import campaign_move
from apps.campaigns.services.recurrence import recurrence_set, recurrence_stop, recurrences_run
from apps.campaigns.services.replay import Replayed, campaign_replay
from apps.campaigns.services.schedule import campaign_reschedule, plan_move_undo
from apps.campaigns.services.sheet import row_save
from apps.campaigns.services.signoff import kpis_ask, kpis_review, kpis_sign, signoffs_remind
from apps.campaigns.services.stage import campaign_advance, campaign_go_live, check_override, override_remove
from apps.campaigns.services.strategy import (
    not_doing_add,
    not_doing_remove,
    not_doing_update,
    year_goal_add,
    year_goal_move,
    year_goal_remove,
    year_goal_update,
)
from apps.campaigns.services.task import task_add, task_remove, task_update
from apps.campaigns.services.task_move import task_move
from apps.campaigns.services.team import (
    channel_add,
    channel_remove,
    channel_update,
    channels_set,
    contributor_add,
    contributor_remove,
)
from apps.campaigns.services.template import (
    ItemWanted,
    plan_template_copy,
    plan_template_create,
    plan_template_delete,
    plan_template_update,
)
from apps.campaigns.services.template_item import (
    template_item_add,
    template_item_remove,
    template_item_update,
)
from apps.campaigns.services.watch import campaigns_watch

__all__ = [
    "DayWanted",
    "ItemWanted",
    "Replayed",
    "approval_ask",
    "approval_give",
    "approval_send_back",
    "budget_line_add",
    "budget_line_remove",
    "budget_line_restore",
    "budget_line_update",
    "budget_rows_keep",
    "budget_upload_apply",
    "budget_upload_keep",
    "campaign_advance",
    "campaign_archive",
    "campaign_create",
    "campaign_go_live",
    "campaign_move",
    "campaign_replay",
    "campaign_reschedule",
    "campaign_restore",
    "campaign_rules_set",
    "campaign_update",
    "campaigns_watch",
    "captain_change",
    "challenge_answer",
    "challenge_raise",
    "challenge_resolve",
    "challenger_add",
    "challenger_remove",
    "channel_add",
    "channel_remove",
    "channel_update",
    "channels_set",
    "check_override",
    "checklist_add",
    "checklist_move",
    "checklist_remove",
    "checklist_tick",
    "contributor_add",
    "contributor_remove",
    "dates_check",
    "days_read",
    "dependency_add",
    "dependency_remove",
    "element_set",
    "expectation_acknowledge",
    "expectation_set",
    "feed_make",
    "feed_of",
    "feed_revoke",
    "feed_token",
    "feed_view_set",
    "holiday_add",
    "holiday_remove",
    "holidays_import",
    "kpi_add",
    "kpi_move",
    "kpi_remove",
    "kpi_update",
    "kpis_ask",
    "kpis_review",
    "kpis_sign",
    "lesson_add",
    "lesson_archive",
    "lesson_restore",
    "lesson_update",
    "metric_archive",
    "metric_create",
    "metric_restore",
    "metric_update",
    "not_doing_add",
    "not_doing_remove",
    "not_doing_update",
    "override_remove",
    "plan_move_undo",
    "plan_template_copy",
    "plan_template_create",
    "plan_template_delete",
    "plan_template_update",
    "recurrence_set",
    "recurrence_stop",
    "recurrences_run",
    "row_save",
    "signoffs_remind",
    "stakeholder_add",
    "stakeholder_remove",
    "task_add",
    "task_move",
    "task_pin",
    "task_remove",
    "task_unpin",
    "task_update",
    "template_apply",
    "template_item_add",
    "template_item_remove",
    "template_item_update",
    "wizard_step_done",
    "work_week_set",
    "year_goal_add",
    "year_goal_move",
    "year_goal_remove",
    "year_goal_update",
]
