from datetime import datetime

from apps.messaging import sql
from apps.messaging.audience import choice_of, judged_audience
from apps.messaging.models import Message, Recipient


def freeze(message: Message, *, due_at: datetime, now: datetime) -> None:
    """Write one row per contact of the audience, waiting or excluded with the reason, in one statement."""
    judged, params = judged_audience(choice_of(message), now=now)
    params["message"] = message.pk
    params["waiting"] = Recipient.State.QUEUED if due_at <= now else Recipient.State.PLANNED
    params["due_at"] = due_at
    sql.run(
        f"""
        INSERT INTO messaging_recipient (message_id, contact_id, address, reason, state, due_at)
        {judged}
        SELECT %(message)s, id, email, verdict,
               CASE verdict WHEN '' THEN %(waiting)s ELSE 'excluded' END, %(due_at)s
        FROM judged
        """,
        params,
    )
