"""Counting the largest ledgers, so that no page has to."""

from datetime import datetime, timedelta

from django.db.models import F, Q

from apps.messaging.models import LedgerTally, Message
from apps.messaging.selectors import Ledger, standing_count

# A page counts so many rows in a moment; beyond, a worker does.
LARGE = 100_000
OPEN_EVERY, ENDED_EVERY = timedelta(seconds=4), timedelta(minutes=10)
ENDED_SPAN = timedelta(days=30)  # for so long readers and mail systems are heard of a message that has ended
AT_A_TIME = 10


def tally_begin(message: Message, frozen: Ledger, *, now: datetime) -> None:
    """Count a message from now on if it is large; `frozen` is its ledger as it was just written."""
    if frozen.audience >= LARGE:
        tally_refresh(message, now=now)


def tally_refresh(message: Message, *, now: datetime) -> None:
    LedgerTally.objects.update_or_create(
        message=message, defaults={"facts": standing_count(message), "counted_at": now}
    )


def tallies_refresh(*, now: datetime) -> int:
    """Count anew the large messages of which something may have changed; return how many."""
    is_open = Q(message__finished_at__isnull=True)
    # And a moment longer: what was done at that time may have been committed later.
    has_changed = Q(counted_at__lt=F("message__updated_at") + OPEN_EVERY)
    has_ended = Q(counted_at__lte=now - ENDED_EVERY, message__finished_at__gt=now - ENDED_SPAN)
    rested = LedgerTally.objects.filter(counted_at__lte=now - OPEN_EVERY)
    due = rested.filter(is_open | has_changed | has_ended).select_related("message")
    found = list(due.order_by("counted_at")[:AT_A_TIME])
    for tally in found:
        tally_refresh(tally.message, now=now)
    return len(found)
