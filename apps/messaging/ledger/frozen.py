from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.messaging import lots, sql
from apps.messaging.audience import choice_of, judged_audience, lot_seed
from apps.messaging.models import Message


def freeze(message: Message, *, now: datetime) -> None:
    """
    Write one row per contact of the audience, waiting or excluded with the reason, in one statement.

    Each has its own hour: the message's, by the clock where the contact is if it says so, after quiet hours;
    and none before the launch cannot be undone any more. Whom quiet hours put off has a note of it.
    With an experiment the sample is drawn in the same breath, and everyone else awaits the winner.
    """
    choice = choice_of(message)
    judged, params = judged_audience(choice, now=now)
    params |= {"message": message.pk, "begin": message.undo_until or now}
    if choice.split is None:
        sql.run(_statement(judged, _FREEZE, params), params)
        return
    params |= {
        "variant_seed": lot_seed("variant", message.pk),
        "sample": choice.split.percent,
        "variants": choice.split.variants,
    }
    drawn = lots.sampled("%(variant_seed)s", "%(sample)s", "%(variants)s")
    sql.run(_statement(f"{judged}, {drawn}", _FREEZE_SPLIT, params), params)


def _statement(judged: str, insert: str, params: Mapping[str, Any]) -> str:
    """Return what freezes; where there are quiet hours, it also writes down whom they put off."""
    if params["starts"] is None:
        return f"{judged} {insert}"
    return f"{judged}, frozen AS ({insert} RETURNING id, contact_id, state, due_at) {_NOTE_HELD}"


def thaw(message: Message) -> bool:
    """
    Delete a ledger of which nothing has begun, and return if all of it is gone. If not, roll back.

    A row that a worker is just claiming is waited for, and is then what is left.
    """
    sql.run(
        """
        WITH gone AS (
            DELETE FROM messaging_recipient
            WHERE message_id = %(message)s AND attempts = 0
                AND state IN ('planned', 'queued', 'awaiting', 'excluded')
            RETURNING id, contact_id
        )
        DELETE FROM messaging_rulenote AS note USING gone
        WHERE note.contact_id = gone.contact_id AND note.recipient_id = gone.id
        """,
        {"message": message.pk},
    )
    return not message.recipients.exists()


_FREEZE = """
    INSERT INTO messaging_recipient (message_id, contact_id, address, reason, state, due_at)
    SELECT %(message)s, id, address, verdict, CASE
        WHEN verdict <> '' THEN 'excluded'
        WHEN greatest(due_at, %(begin)s) <= %(now)s THEN 'queued'
        ELSE 'planned' END, greatest(due_at, %(begin)s)
    FROM judged
"""
_FREEZE_SPLIT = """
    INSERT INTO messaging_recipient (
        message_id, contact_id, address, reason, state, due_at, variant, is_sample
    )
    SELECT %(message)s, id, address, verdict, CASE
        WHEN verdict <> '' THEN 'excluded'
        WHEN variant IS NULL THEN 'awaiting'
        WHEN greatest(due_at, %(begin)s) <= %(now)s THEN 'queued'
        ELSE 'planned' END, greatest(due_at, %(begin)s), variant, variant IS NOT NULL
    FROM judged LEFT JOIN drawn USING (id)
"""
# The rule as it is at the launch, like that of those whom it puts off later: see `quiet`.
_NOTE_HELD = """
    INSERT INTO messaging_rulenote (recipient_id, contact_id, rule, at, until, facts)
    SELECT frozen.id, frozen.contact_id, 'quiet', %(now)s, frozen.due_at, jsonb_build_object(
        'starts', %(starts)s::time::text, 'ends', %(ends)s::time::text, 'zone', judged.zone
    )
    FROM frozen JOIN judged ON judged.id = frozen.contact_id
    WHERE judged.is_held AND frozen.state <> 'excluded'
"""
