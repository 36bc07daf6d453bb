"""Whether sending moves: for `doctor`, the health page and `/metrics`."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.messaging import sql
from apps.messaging.limits import rates_read


@dataclass(frozen=True)
class Pulse:
    """
    `running`: messages that may send now. `held`: recipients in the hands of workers, `abandoned` of those
    whose worker did not come back in time. `stuck`: for how long the first in line of a message has been due
    with nobody at work on that message; None if there is no such message. Who waits for a rate limit is not
    stuck.
    """

    running: int
    held: int
    abandoned: int
    stuck: timedelta | None


def sending_pulse(*, now: datetime) -> Pulse:
    """
    Look at the messages that are open, in one query, and at the limits.

    Of each it reads who is held, a handful, and who is first in line: never all who wait.
    """
    rooms = rates_read().rooms_of_senders(at=now)
    [(running, held, abandoned, since)] = sql.rows(
        """
        SELECT count(*) FILTER (WHERE m.state = 'running'), coalesce(sum(hands.held), 0),
            coalesce(sum(hands.abandoned), 0),
            min(first.due_at) FILTER (
                WHERE m.state = 'running' AND hands.held = hands.abandoned
                AND m.sender_id <> ALL(%(limited)s::bigint[])
            )
        FROM messaging_message AS m
        CROSS JOIN LATERAL (
            SELECT count(*) AS held, count(*) FILTER (WHERE r.leased_until < %(now)s) AS abandoned
            FROM messaging_recipient AS r WHERE r.message_id = m.id AND r.state IN ('leased', 'sending')
        ) AS hands
        LEFT JOIN LATERAL (
            SELECT greatest(r.due_at, m.updated_at) AS due_at FROM messaging_recipient AS r
            WHERE r.message_id = m.id AND r.state = 'queued' ORDER BY r.id LIMIT 1
        ) AS first ON true
        WHERE m.finished_at IS NULL AND m.state <> 'draft'
        """,
        {"now": now, "limited": [sender for sender, room in rooms.items() if room == 0]},
    )
    return Pulse(running, int(held), int(abandoned), now - since if since else None)
