"""Whether a message's ledger is true: against itself, against what readers did, against the mail server."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.messaging import sql
from apps.messaging.models import WAITING, Message, Recipient, Settlement
from apps.messaging.selectors.figures import message_ledger
from apps.messaging.tokens import Purpose, token_read

State = Recipient.State
OVERDUE = timedelta(minutes=15)  # the scheduler comes by every few seconds
# Each statement counts rows that must not be; with the sentence for when there are some.
RULES = {
    gettext_lazy("%(n)s contacts have more than one row for the same occurrence."): """
        SELECT count(*) FROM (
            SELECT contact_id FROM messaging_recipient WHERE message_id = %(message)s
            GROUP BY contact_id, occurrence HAVING count(*) > 1
        ) AS twice
    """,
    # A person or a report can say of one that was in line that it had left: then there is no Message-ID.
    gettext_lazy("%(n)s rows count as sent, but have no Message-ID or no time."): """
        SELECT count(*) FROM messaging_recipient AS r WHERE message_id = %(message)s AND state = 'sent' AND (
            finished_at IS NULL OR mail_id = '' AND NOT EXISTS (
                SELECT FROM messaging_settlement AS s WHERE s.recipient_id = r.id
                AND s.message_id = r.message_id AND s.verdict = 'sent'
            ) AND NOT EXISTS (
                SELECT FROM messaging_deliveryreport AS told WHERE told.recipient_id = r.id
                AND told.message_id = r.message_id
            )
        )
    """,
    gettext_lazy("%(n)s rows have not left, or were left out, and yet have a Message-ID."): """
        SELECT count(*) FROM messaging_recipient WHERE message_id = %(message)s AND mail_id <> ''
        AND state IN ('awaiting', 'planned', 'queued', 'excluded', 'skipped', 'cancelled', 'expired')
    """,
    gettext_lazy("%(n)s rows are at their end without a time, or have a time before their end."): """
        SELECT count(*) FROM messaging_recipient WHERE message_id = %(message)s AND state <> 'excluded'
        AND (finished_at IS NULL) <> (state IN ('awaiting', 'planned', 'queued', 'leased', 'sending'))
    """,
    gettext_lazy("%(n)s rows are with a worker that did not come back, and nobody has taken them back."): """
        SELECT count(*) FROM messaging_recipient WHERE message_id = %(message)s
        AND state IN ('leased', 'sending') AND leased_until < %(overdue)s
    """,
    gettext_lazy("%(n)s Message-IDs stand on more than one row."): """
        SELECT count(*) FROM (
            SELECT mail_id FROM messaging_recipient WHERE message_id = %(message)s AND mail_id <> ''
            GROUP BY mail_id HAVING count(*) > 1
        ) AS twice
    """,
    gettext_lazy("%(n)s opens, clicks or unsubscribes belong to people to whom nothing was handed over."): """
        SELECT count(*) FROM messaging_deliveryevent AS event
        JOIN messaging_recipient AS r ON r.id = event.recipient_id
        WHERE event.message_id = %(message)s AND event.machine_reason = ''
        AND r.state NOT IN ('sending', 'sent', 'unknown') AND event.kind <> 'bounced' AND NOT EXISTS (
            SELECT FROM messaging_settlement AS s WHERE s.recipient_id = r.id
            AND s.message_id = r.message_id AND s.verdict = 'not_sent'
        )
    """,
    # Who awaited a winner when a copy was made is unknown, or settled since, and was never tried here.
    gettext_lazy("%(n)s rows have left, or may leave now, without a variant of the experiment."): """
        SELECT count(*) FROM messaging_recipient AS r JOIN messaging_experiment AS e USING (message_id)
        WHERE message_id = %(message)s AND r.state IN (
            'planned', 'queued', 'leased', 'sending', 'sent', 'failed', 'unknown'
        ) AND NOT (r.state IN ('unknown', 'sent', 'failed') AND r.attempts = 0) AND NOT EXISTS (
            SELECT FROM messaging_variant AS v WHERE v.experiment_id = e.message_id AND v.number = r.variant
        )
    """,
    gettext_lazy("%(n)s rows await a winner that was chosen long ago, or of no experiment."): """
        SELECT count(*) FROM messaging_recipient AS r LEFT JOIN messaging_experiment AS e USING (message_id)
        WHERE message_id = %(message)s AND r.state = 'awaiting'
        AND (e.message_id IS NULL OR e.decided_at < %(overdue)s)
    """,
    gettext_lazy("%(n)s events name a recipient that this message has not."): """
        SELECT count(*) FROM messaging_deliveryevent AS event WHERE event.message_id = %(message)s
        AND NOT EXISTS (
            SELECT FROM messaging_recipient AS r
            WHERE r.id = event.recipient_id AND r.message_id = event.message_id
            AND r.contact_id = event.contact_id
        )
    """,
}


@dataclass(frozen=True)
class RecordShare:
    """
    How many of a message's sent mails the mail server with a record took, and how many another one did.

    `forgotten`: those whose row says no more who did, since the person was erased.
    """

    here: int
    elsewhere: int
    forgotten: int


def record_share(message: Message, *, answer: str) -> RecordShare:
    """Tell how much of a message went through the server that says `answer` to whatever it takes."""
    sent = message.recipients.order_by().filter(state=State.SENT)
    here, forgotten = sent.filter(answer=answer).count(), sent.filter(answer="").count()
    return RecordShare(here, sent.count() - here - forgotten, forgotten)


def ledger_problems(
    message: Message, *, now: datetime, record: Collection[str] | None = None, answer: str = ""
) -> list[str]:
    """
    Return a sentence for everything about the ledger that is not true; nothing if all of it is.

    `record`: the Message-IDs that a mail server took, each as often as it did, of whatever mail there was.
    `answer`: what that server says to everything it takes: rows with another one went through another
    server, and are not looked for in its record. Empty: it is the only one that there was.
    """
    problems = []
    for sentence, statement in RULES.items():
        [(count,)] = sql.rows(statement, {"message": message.pk, "overdue": now - OVERDUE})
        if count:
            problems.append(str(sentence % {"n": count}))
    ledger = message_ledger(message)
    if ledger.audience != message.recipients.count():
        problems.append(_("The states do not sum to the audience."))
    if message.finished_at and ledger.unfinished:
        told = _("The message is at its end, but %(n)s recipients are not.")
        problems.append(told % {"n": ledger.unfinished})
    return problems if record is None else [*problems, *_record_problems(message, record, answer)]


def _record_problems(message: Message, record: Collection[str], answer: str) -> list[str]:
    """Compare with the server's own record: every mail that it took is there once, and nothing else is."""
    rows = message.recipients.exclude(state__in=WAITING)
    states = dict(rows.values_list("pk", "state"))
    taken = Counter(filter(None, map(_recipient_id, record)))
    ours = {pk: count for pk, count in taken.items() if pk in states}
    sent = {pk for pk, state in states.items() if state == State.SENT}
    told = set(rows.filter(answer=answer).values_list("pk", flat=True)) & sent if answer else sent
    may_be_there = sent | {pk for pk, state in states.items() if state in {State.SENDING, State.UNKNOWN}}
    # Where a person decided, the copies that come of it are no fault of the ledger; a wrong word is, if it
    # was said of this server.
    decided = _settled(message, Settlement.Verdict.SENT)
    said = sent & set(decided) if told or ours or not answer else set()
    again = _settled(message, Settlement.Verdict.NOT_SENT)
    may_be_there |= set(again)
    found = {
        _("%(n)s recipients got it more than once."): [
            pk for pk, count in ours.items() if count > 1 + again[pk]
        ],
        _("%(n)s recipients count as sent, and the mail server has nothing for them."): told
        - set(ours)
        - set(decided),
        _("%(n)s recipients count as sent by the word of a person; the mail server has nothing for them."): (
            said - set(ours)
        ),
        _("The mail server has mail for %(n)s recipients to whom nothing was sent."): set(ours)
        - may_be_there,
    }
    return [sentence % {"n": len(rows)} for sentence, rows in found.items() if rows]


def _settled(message: Message, verdict: Settlement.Verdict) -> Counter[int]:
    """Return how often a person said this of a recipient."""
    return Counter(message.settlements.filter(verdict=verdict).values_list("recipient_id", flat=True))


def _recipient_id(mail_id: str) -> int | None:
    """Return whose mail a Message-ID of ours is; None if it is somebody else's, or a test's."""
    found = token_read(Purpose.MAIL, mail_id.strip().strip("<>").partition("@")[0])
    return found[0] if found else None
