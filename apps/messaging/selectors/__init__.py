from apps.messaging.selectors.deliverability import DELIVERABILITY_SPAN, deliverability
from apps.messaging.selectors.drafts import contact_data, message_version, preview_contact
from apps.messaging.selectors.figures import (
    ErrorGroup,
    Ledger,
    Pace,
    Reaction,
    message_errors,
    message_failures,
    message_ledger,
    message_pace,
    message_reactions,
)
from apps.messaging.selectors.lists import (
    campaign_messages,
    contact_recipients,
    contact_why,
    domain_of,
    domain_senders,
    domains,
    messages,
    recipient_timeline,
    recipients,
    senders,
    senders_in_use,
    sending_channels,
)
from apps.messaging.selectors.policy import caps_described
from apps.messaging.selectors.providers import provider_hook_url, providers
from apps.messaging.selectors.pulse import Pulse, sending_pulse
from apps.messaging.selectors.readers import (
    Preference,
    destination_url,
    gets_untitled,
    preferences,
    recipient_has_left,
    recipient_of_mail,
)
from apps.messaging.selectors.reports import reports, soft_bounces_in_a_row
from apps.messaging.selectors.verification import ledger_problems
from apps.messaging.selectors.why import Check, recipient_checks

__all__ = [
    "DELIVERABILITY_SPAN",
    "Check",
    "ErrorGroup",
    "Ledger",
    "Pace",
    "Preference",
    "Pulse",
    "Reaction",
    "campaign_messages",
    "caps_described",
    "contact_data",
    "contact_recipients",
    "contact_why",
    "deliverability",
    "destination_url",
    "domain_of",
    "domain_senders",
    "domains",
    "gets_untitled",
    "ledger_problems",
    "message_errors",
    "message_failures",
    "message_ledger",
    "message_pace",
    "message_reactions",
    "message_version",
    "messages",
    "preferences",
    "preview_contact",
    "provider_hook_url",
    "providers",
    "recipient_checks",
    "recipient_has_left",
    "recipient_of_mail",
    "recipient_timeline",
    "recipients",
    "reports",
    "senders",
    "senders_in_use",
    "sending_channels",
    "sending_pulse",
    "soft_bounces_in_a_row",
]
