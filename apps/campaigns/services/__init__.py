"""Acts on campaigns: what a person, a program or a launch does to them."""

from apps.campaigns.services.campaign import (
    campaign_archive,
    campaign_create,
    campaign_restore,
    campaign_update,
    captain_change,
    wizard_step_done,
)
from apps.campaigns.services.checklist import (
    checklist_add,
    checklist_move,
    checklist_remove,
    checklist_tick,
)
from apps.campaigns.services.kpi import kpi_add, kpi_move, kpi_remove, kpi_update
from apps.campaigns.services.recurrence import recurrence_set, recurrence_stop, recurrences_run
from apps.campaigns.services.stage import campaign_advance, campaign_go_live, check_override, override_remove
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
from apps.campaigns.services.watch import campaigns_watch

__all__ = [
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
    "checklist_add",
    "checklist_move",
    "checklist_remove",
    "checklist_tick",
    "contributor_add",
    "contributor_remove",
    "kpi_add",
    "kpi_move",
    "kpi_remove",
    "kpi_update",
    "override_remove",
    "recurrence_set",
    "recurrence_stop",
    "recurrences_run",
    "task_add",
    "task_move",
    "task_remove",
    "task_update",
    "wizard_step_done",
]
