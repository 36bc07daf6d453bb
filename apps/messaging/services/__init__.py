"""Acts on messages: what a person or the schedule does to them."""

from apps.messaging.services.caps import cap_delete, cap_save
from apps.messaging.services.domains import (
    DomainRefused,
    domain_check,
    domain_create,
    domain_delete,
    domain_sign,
    domain_update,
    domains_check,
)
from apps.messaging.services.figures import domain_figures_refresh
from apps.messaging.services.health import messages_finish
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
from apps.messaging.services.reports import TakenIn, report_enter, report_take, reports_collect
from apps.messaging.services.senders import SenderInUse, SenderRefused, sender_delete, sender_save
from apps.messaging.services.sending import messages_send
from apps.messaging.services.testing import TestNotSent, TestResult, message_test
from apps.messaging.services.texts import text_stop
from apps.messaging.services.tracking import (
    bursts_mark,
    click_record,
    open_record,
    partitions_ensure,
    recipient_unsubscribe,
)

__all__ = [
    "SENT_BY",
    "CallAnswer",
    "DomainRefused",
    "MessageFields",
    "MessageNotLaunchable",
    "MessageRefused",
    "PolicyInvalid",
    "PreferencesRefused",
    "ProviderInUse",
    "SenderInUse",
    "SenderRefused",
    "TakenIn",
    "TestNotSent",
    "TestResult",
    "bursts_mark",
    "cap_delete",
    "cap_save",
    "click_record",
    "domain_check",
    "domain_create",
    "domain_delete",
    "domain_figures_refresh",
    "domain_sign",
    "domain_update",
    "domains_check",
    "message_cancel",
    "message_create",
    "message_delete",
    "message_launch",
    "message_pause",
    "message_resume",
    "message_retry_failed",
    "message_test",
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
    "recipient_unsubscribe",
    "report_enter",
    "report_take",
    "reports_collect",
    "sender_delete",
    "sender_save",
    "text_stop",
]
