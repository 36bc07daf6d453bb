"""What becomes of the ledger and of deliveries when two contacts are merged."""

from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.contacts import registries
from apps.contacts.moves import Act, Move, Record
from apps.core.errors import DomainError
from apps.messaging.models import Recipient
from apps.messaging.models.recipient import HELD, UNFINISHED


class BeingSent(DomainError):
    """A worker has a row of one of the two in hand."""


@dataclass(frozen=True)
class RecipientMove(Move):
    """
    Rows of the ledger keep message, state and history, so the sums of no message change.

    Of a message that both got, the other's row stays with the contact that is gone; still in line, it ends
    as skipped, and the person gets the message once. A row in a worker's hands is waited for: the worker
    knows its contact by number.
    """

    def check(self, act: Act) -> None:
        open_rows = Recipient.objects.filter(contact__in=[act.keep, act.gone], state__in=UNFINISHED)
        # Locked, so that no worker takes one before this is committed: a claim passes locked rows by.
        states = open_rows.order_by("pk").select_for_update(no_key=True).values_list("state", flat=True)
        if set(states) & set(HELD):
            raise BeingSent(_("A message to this person is being sent right now. Try again in a minute."))


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


def register() -> None:
    registries.moves.register(
        "recipients",
        RecipientMove(gettext_lazy("Messages"), "messaging_recipient", once=("message_id", "occurrence")),
    )
    registries.moves.register(
        "deliveries",
        WithRecipient("", "messaging_deliveryevent", is_swept=True),
    )
