from datetime import datetime

from apps.messaging import sql
from apps.messaging.audience import choice_of, judged_audience
from apps.messaging.models import Message


def freeze(message: Message, *, now: datetime) -> None:
    """
    Write one row per contact of the audience, waiting or excluded with the reason, in one statement.

    Each has its own hour: the message's, by the clock where the contact is if it says so, after quiet hours;
    and none before the launch cannot be undone any more.
    """
    judged, params = judged_audience(choice_of(message), now=now)
    params |= {"message": message.pk, "begin": message.undo_until or now}
    sql.run(
        f"""
        INSERT INTO messaging_recipient (message_id, contact_id, address, reason, state, due_at)
        {judged}
        SELECT %(message)s, id, email, verdict, CASE
            WHEN verdict <> '' THEN 'excluded'
            WHEN greatest(due_at, %(begin)s) <= %(now)s THEN 'queued'
            ELSE 'planned' END, greatest(due_at, %(begin)s)
        FROM judged
        """,
        params,
    )


def thaw(message: Message) -> bool:
    """
    Delete a ledger of which nothing has begun, and return if all of it is gone. If not, roll back.

    A row that a worker is just claiming is waited for, and is then what is left.
    """
    sql.run(
        """
        DELETE FROM messaging_recipient
        WHERE message_id = %(message)s AND state IN ('planned', 'queued', 'excluded') AND attempts = 0
        """,
        {"message": message.pk},
    )
    return not message.recipients.exists()
