from datetime import datetime

from apps.messaging import sql
from apps.messaging.audience import choice_of, judged_audience
from apps.messaging.models import Message


def freeze(message: Message, *, now: datetime) -> None:
    """
    Write one row per contact of the audience, waiting or excluded with the reason, in one statement.

    Each has its own hour: the message's, by the clock where the contact is if it says so, after quiet hours.
    """
    judged, params = judged_audience(choice_of(message), now=now)
    params["message"] = message.pk
    sql.run(
        f"""
        INSERT INTO messaging_recipient (message_id, contact_id, address, reason, state, due_at)
        {judged}
        SELECT %(message)s, id, address, verdict, CASE
            WHEN verdict <> '' THEN 'excluded'
            WHEN due_at <= %(now)s THEN 'queued'
            ELSE 'planned' END, due_at
        FROM judged
        """,
        params,
    )
