"""Sources and their keys, and what they send."""

from apps.integrations.services.messages import (
    Fate,
    MessagesRefused,
    messages_take,
)
from apps.integrations.services.sources import (
    SourceExists,
    source_create,
    source_hear,
    source_revoke,
    tallies_forget,
)

__all__ = [
    "Fate",
    "MessagesRefused",
    "SourceExists",
    "messages_take",
    "source_create",
    "source_hear",
    "source_revoke",
    "tallies_forget",
]
