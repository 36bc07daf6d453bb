"""Acts on campaigns: what a person, a program or a launch does to them."""

from apps.campaigns.services.approval import (
    approval_ask,
    approval_give,
    approval_send_back,
    campaign_rules_set,
)
from apps.campaigns.services.campaign import (
    campaign_archive,
    campaign_create,
    campaign_restore,
    campaign_update,
    captain_change,
    wizard_step_done,
)
from apps.campaigns.services.challenge import (
    challenge_answer,
    challenge_raise,
    challenge_resolve,
    challenger_add,
    challenger_remove,
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
    "approval_ask",
    "approval_give",
    "approval_send_back",
    "campaign_advance",
    "campaign_archive",
    "campaign_create",
    "campaign_go_live",
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
    "contributor_add",
    "contributor_remove",
    "kpi_add",
    "kpi_move",
    "kpi_remove",
    "kpi_update",
    "override_remove",
    "task_add",
    "task_move",
    "task_remove",
    "task_update",
    "wizard_step_done",
]
