"""What becomes of the ledger and of deliveries when two contacts are merged, or a person is erased."""

from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.contacts import registries
from apps.contacts.moves import Act, Move, Record
from apps.contacts.personal import Holding
from apps.contacts.services.merge import ContactNotMergeable
from apps.messaging import sql
from apps.messaging.models import Recipient
from apps.messaging.models.recipient import HELD, UNFINISHED


class BeingSent(ContactNotMergeable):
    """A worker has a row of one of the two in hand."""


@dataclass(frozen=True)
class RecipientMove(Move):
    """
    Rows of the ledger keep message, state and history, so the sums of no message change.

    Of a message that both were to get, the other's row stays with the contact that is gone. Still in line it
    ends as skipped; where it has left, the kept contact's row does: the person gets the message once. Where
    the kept contact's was left out, for want of an address or consent, and the other's waits, the two change
    places: the person gets it, if the gate lets them now. A row in a worker's hands is waited for: the
    worker knows its contact by number.
    """

    def merge(self, act: Act) -> Record:
        ended = sql.rows(_END_SECOND, vars(act))
        aside = [pk for (pk,) in sql.rows(_LEFT_OUT_ASIDE, vars(act))]
        record = super().merge(act)
        sql.run(_ASIDE_BACK, {"ids": aside})
        return {**record, "ended": [list(row) for row in ended], "aside": aside}

    def unmerge(self, act: Act, record: Record) -> None:
        aside = {**vars(act), "ids": record.get("aside", [])}
        sql.run(_ASIDE_OF_KEPT, aside)
        super().unmerge(act, record)
        sql.run(_ASIDE_BACK, aside)
        for pk, state in record["ended"]:
            sql.run(_BACK_IN_LINE, {"id": pk, "state": state})

    def check(self, act: Act) -> None:
        open_rows = Recipient.objects.filter(contact__in=[act.keep, act.gone], state__in=UNFINISHED)
        # Locked, so that no worker takes one before this is committed: a claim passes locked rows by.
        states = open_rows.order_by("pk").select_for_update(no_key=True).values_list("state", flat=True)
        if set(states) & set(HELD):
            raise BeingSent(_("A message to this person is being sent right now. Try again in a minute."))


_END_SECOND = """
    UPDATE messaging_recipient AS second SET state = 'skipped', reason = 'merged', finished_at = %(now)s
    FROM messaging_recipient AS first, messaging_recipient AS before
    WHERE second.contact_id = %(keep)s AND before.id = second.id
      AND second.state IN ('awaiting', 'planned', 'queued')
      AND first.contact_id = %(gone)s AND first.message_id = second.message_id
      AND first.occurrence = second.occurrence AND first.state IN ('sending', 'sent', 'unknown')
    RETURNING second.id, before.state
"""
# Out of the way of the row that takes the place, under an occurrence that no automation counts up to. Who is
# held out stays held out: the effect of the message is measured by them.
_LEFT_OUT_ASIDE = """
    UPDATE messaging_recipient AS it SET contact_id = %(gone)s, occurrence = it.occurrence + 1000000000
    FROM messaging_recipient AS waits
    WHERE it.contact_id = %(keep)s AND it.state IN ('excluded', 'skipped')
      AND it.reason IN ('no_address', 'no_consent', 'suppressed')
      AND waits.contact_id = %(gone)s AND waits.message_id = it.message_id
      AND waits.occurrence = it.occurrence AND waits.state IN ('awaiting', 'planned', 'queued')
    RETURNING it.id
"""
_ASIDE_OF_KEPT = """
    UPDATE messaging_recipient SET contact_id = %(keep)s, occurrence = occurrence + 1000000000
    WHERE id = ANY(%(ids)s) AND contact_id = %(gone)s
"""
_ASIDE_BACK = """
    UPDATE messaging_recipient SET occurrence = occurrence - 1000000000
    WHERE id = ANY(%(ids)s) AND occurrence >= 1000000000
"""
# Not where the message has ended meanwhile: nobody would send it any more.
_BACK_IN_LINE = """
    UPDATE messaging_recipient AS r SET state = %(state)s, reason = '', finished_at = NULL
    FROM (SELECT id FROM messaging_message WHERE finished_at IS NULL FOR SHARE) AS m
    WHERE r.id = %(id)s AND r.message_id = m.id AND r.state = 'skipped' AND r.reason = 'merged'
"""


@dataclass(frozen=True)
class WithRecipient(Move):
    """Rows that are about one recipient go wherever that row of the ledger goes, those of later days too."""

    where: str = """EXISTS (
        SELECT FROM messaging_recipient AS r WHERE r.id = it.recipient_id AND r.contact_id = %(keep)s
    )"""

    def unmerge(self, act: Act, record: Record) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {self.table} AS it SET contact_id = r.contact_id FROM messaging_recipient AS r "
                "WHERE it.contact_id = %(keep)s AND r.id = it.recipient_id AND r.contact_id = %(gone)s",
                vars(act),
            )


@dataclass(frozen=True)
class TallyMove(Move):
    """What was counted for either counts for the kept contact; the other's own tally stays with it."""

    def merge(self, act: Act) -> Record:
        sql.run(_TALLIES_JOIN, vars(act))
        return {"keys": []}

    def unmerge(self, act: Act, record: Record) -> None:
        sql.run(_TALLIES_PART, vars(act))


_TALLIES_JOIN = """
    INSERT INTO messaging_captally AS tally (contact_id, entries)
    SELECT %(keep)s, entries FROM messaging_captally WHERE contact_id = %(gone)s
    ON CONFLICT (contact_id) DO UPDATE SET entries = tally.entries || excluded.entries
"""
_TALLIES_PART = """
    UPDATE messaging_captally AS tally SET entries = (
        SELECT coalesce(jsonb_agg(one), '[]') FROM jsonb_array_elements(tally.entries) AS one
        WHERE NOT other.entries @> jsonb_build_array(one)
    )
    FROM messaging_captally AS other WHERE tally.contact_id = %(keep)s AND other.contact_id = %(gone)s
"""

SUMMED = "The results of a message are sums of these rows; they say nothing about who it was."


def register() -> None:
    registries.moves.register(
        "recipients",
        RecipientMove(
            gettext_lazy("Messages"),
            "messaging_recipient",
            once=("message_id", "occurrence"),
            where="it.occurrence < 1000000000",  # not those that stand aside
        ),
    )
    registries.moves.register(
        "deliveries",
        WithRecipient("", "messaging_deliveryevent", is_swept=True),
    )
    registries.moves.register("rule_notes", WithRecipient("", "messaging_rulenote", is_swept=True))
    registries.moves.register("settlements", WithRecipient("", "messaging_settlement", is_swept=True))
    registries.moves.register("cap_tallies", TallyMove("", "messaging_captally", key="contact_id"))
    registries.moves.register("reports", WithRecipient("", "messaging_deliveryreport", is_swept=True))
    for holding in (
        Holding(
            gettext_lazy("Messages"),
            "messaging_recipient",
            blanks={"address": "''", "answer": "''"},
            hidden=("lease_token", "leased_until"),
        ),
        Holding(gettext_lazy("Opens, clicks and bounces"), "messaging_deliveryevent", kept=SUMMED),
        Holding(gettext_lazy("What a sending rule held or left out"), "messaging_rulenote", kept=SUMMED),
        Holding(
            gettext_lazy("What was decided of a mail of unknown end"),
            "messaging_settlement",
            blanks={"reason": "''"},
            hidden=("by_id",),
        ),
        Holding(gettext_lazy("Messages counted for caps"), "messaging_captally"),
        Holding(
            gettext_lazy("Reports of mail systems"),
            "messaging_deliveryreport",
            blanks={"answer": "''"},
            hidden=("event_key",),
        ),
    ):
        registries.holdings.register(holding.table, holding)
