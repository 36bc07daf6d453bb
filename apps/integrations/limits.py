"""How fast a source may send: a brake for one that has run wild, not a ration."""

import time
from dataclasses import dataclass

from django.conf import settings


@dataclass
class _Second:
    number: int = -1
    count: int = 0


# Of this process alone: to ask a server for each call would cost more than most calls do.
_seconds: dict[int, _Second] = {}


def admits(source: int, messages: int) -> bool:
    """Count these messages of a source, and test if it is within its measure in this second."""
    second = _seconds.setdefault(source, _Second())
    number = int(time.monotonic())
    if second.number != number:
        second.number, second.count = number, 0
    second.count += messages
    # The first call of a second always passes: a batch larger than the measure could never be sent else.
    return second.count <= max(messages, settings.INGEST_MESSAGES_PER_SECOND)


def has_room(source: int) -> bool:
    """Test if one more message of a source would be within its measure, without counting it."""
    second = _seconds.get(source, _Second())
    return second.number != int(time.monotonic()) or second.count < settings.INGEST_MESSAGES_PER_SECOND
