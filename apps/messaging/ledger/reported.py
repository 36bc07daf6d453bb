from datetime import datetime

from apps.messaging import sql


def settle_taken(recipient_id: int, *, answer: str, now: datetime) -> bool:
    """
    Write down that a mail had been taken, because its fate came back under our own signature.

    Only where nobody knew: `unknown`, in the hands of a worker that has not heard of it, or back in line,
    because it was taken not to have arrived: it must not leave again. The token goes, so that a worker that
    has the row begins nothing with it, and what it says later changes nothing. Return whether it did.
    """
    taken = sql.run(
        """
        UPDATE messaging_recipient SET
            state = 'sent', answer = %(answer)s, is_retryable = false,
            finished_at = coalesce(finished_at, %(now)s), lease_token = NULL, leased_until = NULL
        WHERE id = %(id)s AND state IN ('sending', 'unknown', 'leased', 'queued', 'planned')
        """,
        {"id": recipient_id, "answer": answer[:500], "now": now},
    )
    return bool(taken)
