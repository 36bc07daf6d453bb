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
    email_channels,
    messages,
    recipient_timeline,
    recipients,
    senders,
    senders_in_use,
)
from apps.messaging.selectors.readers import (
    destination_url,
    recipient_has_left,
    recipient_of_mail,
)
from apps.messaging.selectors.verification import ledger_problems

__all__ = [
    "ErrorGroup",
    "Ledger",
    "Pace",
    "Reaction",
    "campaign_messages",
    "contact_data",
    "contact_recipients",
    "contact_why",
    "destination_url",
    "email_channels",
    "ledger_problems",
    "message_errors",
    "message_failures",
    "message_ledger",
    "message_pace",
    "message_reactions",
    "message_version",
    "messages",
    "preview_contact",
    "recipient_has_left",
    "recipient_of_mail",
    "recipient_timeline",
    "recipients",
    "senders",
    "senders_in_use",
]
