"""A copy of the database takes the place of the original: from then on it sends."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.core.errors import DomainError
from apps.messaging import homes, ledger
from apps.messaging.models import Message, SendingPolicy
from apps.messaging.services.messages import message_audit, message_tell


class MoveRefused(DomainError):
    """This database sends already: there is nothing to move."""


@transaction.atomic
def sending_move_here(*, by: User, now: datetime) -> None:
    """
    Let this database send; the original has sent nothing since the copy was made. What is due leaves.

    :raises MoveRefused: it is no copy
    """
    _move(by=by, now=now, doubted=0)


@transaction.atomic
def sending_restore_here(*, by: User, now: datetime) -> int:
    """
    Let this database send, when the original may have sent on after the copy was made, as after a disaster.

    Whoever it may have written to is unknown from now on, and written to again only once somebody has settled
    that they got nothing. Return how many those are; the captains and owners are told.

    :raises MoveRefused: it is no copy
    """
    told = _("Brought back from a copy: the original may have sent this after the copy was made.")
    doubted = ledger.doubt(told=told, now=now)
    _move(by=by, now=now, doubted=doubted.total())
    messages = Message.objects.filter(pk__in=doubted).select_related("campaign__captain", "channel__owner")
    for message in messages.order_by("pk"):
        count = doubted[message.pk]
        message_audit(message, "doubted", by=by, now=now, details={"recipients": count})
        message_tell(message, _told(message, count), now=now)
    return doubted.total()


def _move(*, by: User, now: datetime, doubted: int) -> None:
    if not homes.move_here(by=by.pk, now=now):
        raise MoveRefused(_("This database may send already."))
    collaboration.audit_record(
        action="sendingpolicy.moved",
        subject=SendingPolicy.objects.current(),
        by=by,
        now=now,
        details={"doubted": doubted},
    )


def _told(message: Message, count: int) -> str:
    sentence = ngettext(
        "“%(message)s”: the database was brought back from a copy. %(n)s person may or may not have got it, "
        "and is unknown until somebody settles it.",
        "“%(message)s”: the database was brought back from a copy. %(n)s people may or may not have got it, "
        "and are unknown until somebody settles it.",
        count,
    )
    return sentence % {"message": message.name[:80], "n": count}
