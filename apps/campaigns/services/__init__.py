"""Acts on campaigns: what a person, a program or a launch does to them."""

from apps.campaigns.services.campaign import (
    campaign_archive,
    campaign_create,
    campaign_restore,
    campaign_update,
    captain_change,
    wizard_step_done,
)
from apps.campaigns.services.kpi import kpi_add, kpi_move, kpi_remove, kpi_update
from apps.campaigns.services.metric import metric_archive, metric_create, metric_restore, metric_update
from apps.campaigns.services.signoff import kpis_ask, kpis_review, kpis_sign, signoffs_remind
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
    "kpi_add",
    "kpi_move",
    "kpi_remove",
    "kpi_update",
    "kpis_ask",
    "kpis_review",
    "kpis_sign",
    "metric_archive",
    "metric_create",
    "metric_restore",
    "metric_update",
    "override_remove",
    "signoffs_remind",
    "task_add",
    "task_move",
    "task_remove",
    "task_update",
    "wizard_step_done",
]
