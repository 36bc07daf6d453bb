"""What people decide about recipients of whom nobody can know whether the mail was taken."""

from datetime import datetime

from apps.accounts.models import User
from apps.messaging import sql
from apps.messaging.ledger import caps
from apps.messaging.models import RecipientQuerySet, Settlement

Verdict = Settlement.Verdict
# The token goes with the doubt: what a slow worker says after this changes nothing.
_BECOMES = {
    Verdict.SENT: "state = 'sent', answer = %(told)s, lease_token = NULL",
    # Who was in doubt while awaiting a winner, as in a copy that was brought back, awaits it again.
    Verdict.NOT_SENT: """
        state = CASE WHEN r.variant IS NULL AND EXISTS (
            SELECT FROM messaging_experiment AS e WHERE e.message_id = r.message_id
        ) THEN 'awaiting' ELSE 'queued' END, answer = '', lease_token = NULL, attempts = 0,
        mail_id = '', due_at = %(now)s, finished_at = NULL
    """,
}
_SETTLE = """
    WITH chosen (id, contact_id, message_id) AS MATERIALIZED (
        {chosen} FOR NO KEY UPDATE OF messaging_recipient
    ), noted AS (
        INSERT INTO messaging_settlement
            (recipient_id, contact_id, message_id, verdict, reason, by_id, at)
        SELECT id, contact_id, message_id, %(verdict)s, %(reason)s, %(by)s, %(now)s FROM chosen
    )
"""


def settle_unknown(
    chosen: RecipientQuerySet, *, verdict: Settlement.Verdict, reason: str, told: str, by: User, now: datetime
) -> int:
    """
    Settle rows that are `unknown` now, and write down by whom and why; return how many.

    `told` stands as the server's answer on those taken to be sent. Those to be tried again are in line at
    once, or await the winner of an experiment if no variant was theirs yet; what their first try had counted
    towards a cap is given back.
    """
    unknown = chosen.filter(state="unknown").order_by("pk").values_list("pk", "contact_id", "message_id")
    statement = _SETTLE.format(chosen=sql.compiled(unknown))
    params = {"verdict": verdict, "reason": reason, "told": told[:500], "by": by.pk, "now": now}
    if verdict == Verdict.LEFT:
        return len(sql.rows(f"{statement} SELECT chosen.id FROM chosen", params))
    done = sql.rows(
        f"""
        {statement}
        UPDATE messaging_recipient AS r SET {_BECOMES[verdict]}
        FROM chosen WHERE r.id = chosen.id RETURNING r.id
        """,
        params,
    )
    if verdict == Verdict.NOT_SENT:
        caps.give_back_rows([pk for (pk,) in done])
    return len(done)
