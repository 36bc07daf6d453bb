"""Acts on messages: what a person or the schedule does to them."""

from apps.messaging.services.caps import cap_delete, cap_save
from apps.messaging.services.domain_keys import (
    KEY_KEPT,
    domain_key_drop,
    domain_key_prepare,
    domain_key_switch,
    domain_keys_forget,
)
from apps.messaging.services.domains import (
    DomainRefused,
    domain_check,
    domain_create,
    domain_delete,
    domain_sign,
    domain_update,
    domains_check,
)
from apps.messaging.services.experiments import experiment_choose, experiments_decide
from apps.messaging.services.figures import domain_figures_refresh
from apps.messaging.services.health import CONNECTIONS_FAILED, messages_finish
from apps.messaging.services.launch import MessageNotLaunchable, message_launch
from apps.messaging.services.messages import (
    SENT_BY,
    MessageFields,
    MessageRefused,
    message_cancel,
    message_create,
    message_delete,
    message_pause,
    message_resume,
    message_retry_failed,
    message_update,
)
from apps.messaging.services.moving import MoveRefused, sending_move_here, sending_restore_here
from apps.messaging.services.policy import PolicyInvalid, policy_update
from apps.messaging.services.preferences import PreferencesRefused, preferences_save
from apps.messaging.services.providers import (
    CallAnswer,
    ProviderInUse,
    provider_call,
    provider_check,
    provider_delete,
    provider_save,
)
from apps.messaging.services.quiet import quiet_delete, quiet_save
from apps.messaging.services.rates import (
    rate_limit_delete,
    rate_limit_save,
    warm_up_delete,
    warm_up_save,
)
from apps.messaging.services.reports import (
    TakenIn,
    refusals_take,
    report_enter,
    report_take,
    reports_collect,
)
from apps.messaging.services.senders import SenderInUse, SenderRefused, sender_delete, sender_save
from apps.messaging.services.sending import messages_send
from apps.messaging.services.settling import message_undo, recipients_settle
from apps.messaging.services.standing import tallies_refresh
from apps.messaging.services.testing import TestNotSent, TestResult, message_test
from apps.messaging.services.texts import text_stop
from apps.messaging.services.tracking import (
    bursts_mark,
    click_record,
    open_record,
    partitions_ensure,
    recipient_unsubscribe,
)
from apps.messaging.services.variants import ExperimentFields, VariantFields, VariantsRefused
from apps.messaging.services.watchdog import sending_watch

__all__ = [
    "CONNECTIONS_FAILED",
    "KEY_KEPT",
    "SENT_BY",
    "CallAnswer",
    "DomainRefused",
    "ExperimentFields",
    "MessageFields",
    "MessageNotLaunchable",
    "MessageRefused",
    "MoveRefused",
    "PolicyInvalid",
    "PreferencesRefused",
    "ProviderInUse",
    "SenderInUse",
    "SenderRefused",
    "TakenIn",
    "TestNotSent",
    "TestResult",
    "VariantFields",
    "VariantsRefused",
    "bursts_mark",
    "cap_delete",
    "cap_save",
    "click_record",
    "domain_check",
    "domain_create",
    "domain_delete",
    "domain_figures_refresh",
    "domain_key_drop",
    "domain_key_prepare",
    "domain_key_switch",
    "domain_keys_forget",
    "domain_sign",
    "domain_update",
    "domains_check",
    "experiment_choose",
    "experiments_decide",
    "message_cancel",
    "message_create",
    "message_delete",
    "message_launch",
    "message_pause",
    "message_resume",
    "message_retry_failed",
    "message_test",
    "message_undo",
    "message_update",
    "messages_finish",
    "messages_send",
    "open_record",
    "partitions_ensure",
    "policy_update",
    "preferences_save",
    "provider_call",
    "provider_check",
    "provider_delete",
    "provider_save",
    "quiet_delete",
    "quiet_save",
    "rate_limit_delete",
    "rate_limit_save",
    "recipient_unsubscribe",
    "recipients_settle",
    "refusals_take",
    "report_enter",
    "report_take",
    "reports_collect",
    "sender_delete",
    "sender_save",
    "sending_move_here",
    "sending_restore_here",
    "sending_watch",
    "tallies_refresh",
    "text_stop",
    "warm_up_delete",
    "warm_up_save",
]
