"""
The statements that work the ledger in sets. Services call these; nothing else writes recipients.

`claim` and `advance` commit by themselves (`durable`): a lease that could be rolled back leases nothing, and
a point of no return has to be on disk before it is passed. Nothing here waits for rows that someone else
holds: what is skipped now is met again on the next ring.
"""

from apps.messaging.ledger.frozen import freeze, thaw
from apps.messaging.ledger.leases import (
    LEASE_TIME,
    RETRY_AFTER,
    Addressed,
    Lease,
    Taken,
    advance,
    claim,
    reap,
    release,
    settle,
)
from apps.messaging.ledger.rates import come_forward, opens_at
from apps.messaging.ledger.reported import settle_taken
from apps.messaging.ledger.restored import doubt
from apps.messaging.ledger.settled import settle_unknown
from apps.messaging.ledger.sweeps import cancel, expire, finish, queue_due, retry, roll_out

__all__ = [
    "LEASE_TIME",
    "RETRY_AFTER",
    "Addressed",
    "Lease",
    "Taken",
    "advance",
    "cancel",
    "claim",
    "come_forward",
    "doubt",
    "expire",
    "finish",
    "freeze",
    "opens_at",
    "queue_due",
    "reap",
    "release",
    "retry",
    "roll_out",
    "settle",
    "settle_taken",
    "settle_unknown",
    "thaw",
]
