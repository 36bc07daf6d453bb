"""What a copy cannot know: whom the original wrote to after the copy was made."""

from collections import Counter
from datetime import datetime

from apps.messaging import sql


def doubt(*, told: str, now: datetime) -> Counter[int]:
    """
    Give everybody up as `unknown` whom the original may have written to; return how many, by message.

    Those are all whose hour has come, of every message that is open: the original may have resumed one that
    is paused here, and chosen a winner for who awaits one. Whose hour is still to come cannot have got it.
    `told` stands where the server's answer would.
    """
    return Counter(
        dict(
            sql.rows(
                """
                WITH doubted AS (
                    UPDATE messaging_recipient AS r SET state = 'unknown', answer = %(told)s,
                        finished_at = %(now)s, waits_for_id = NULL, lease_token = NULL, leased_until = NULL
                    FROM messaging_message AS m
                    WHERE m.id = r.message_id AND m.state IN ('running', 'paused') AND m.finished_at IS NULL
                    AND r.state IN ('awaiting', 'planned', 'queued', 'leased', 'sending')
                    AND r.due_at <= %(now)s
                    RETURNING r.message_id
                )
                SELECT message_id, count(*) FROM doubted GROUP BY message_id
                """,
                {"told": told[:500], "now": now},
            )
        )
    )
