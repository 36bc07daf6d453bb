"""Sources and their keys, and what they send."""

from apps.integrations.services.events import event_take
from apps.integrations.services.messages import (
    Fate,
    MessagesRefused,
    messages_take,
)
from apps.integrations.services.schemes import SchemeFixed, SchemeRefused, scheme_choose
from apps.integrations.services.sources import (
    Heard,
    SourceExists,
    source_create,
    source_hear,
    source_remembered,
    source_revoke,
    tallies_forget,
)

__all__ = [
    "Fate",
    "Heard",
    "MessagesRefused",
    "SchemeFixed",
    "SchemeRefused",
    "SourceExists",
    "event_take",
    "messages_take",
    "scheme_choose",
    "source_create",
    "source_hear",
    "source_remembered",
    "source_revoke",
    "tallies_forget",
]
