"""Acts on campaigns: what a person, a program or a launch does to them."""

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
    wizard_step_done,
)
from apps.campaigns.services.expectation import (
    expectation_acknowledge,
    expectation_set,
    stakeholder_add,
    stakeholder_remove,
)
from apps.campaigns.services.kpi import kpi_add, kpi_move, kpi_remove, kpi_update
from apps.campaigns.services.stage import campaign_advance, campaign_go_live, check_override, override_remove
from apps.campaigns.services.task import task_add, task_move, task_remove, task_update
from apps.campaigns.services.team import (
    channel_add,
    channel_remove,
    channel_update,
    channels_set,
    contributor_add,
    contributor_remove,
)
from apps.campaigns.services.watch import campaigns_watch

__all__ = [
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
    "campaign_restore",
    "campaign_update",
    "campaigns_watch",
    "captain_change",
    "channel_add",
    "channel_remove",
    "channel_update",
    "channels_set",
    "check_override",
    "contributor_add",
    "contributor_remove",
    "expectation_acknowledge",
    "expectation_set",
    "kpi_add",
    "kpi_move",
    "kpi_remove",
    "kpi_update",
    "override_remove",
    "stakeholder_add",
    "stakeholder_remove",
    "task_add",
    "task_move",
    "task_remove",
    "task_update",
    "wizard_step_done",
]
