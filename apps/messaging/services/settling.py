"""What people decide where nobody can know, and what they think better of before anything has left."""

from datetime import datetime

from django.db import transaction
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.models import User
from apps.core.queues import ring
from apps.messaging import ledger
from apps.messaging.models import LedgerTally, Message, RecipientQuerySet, Settlement
from apps.messaging.selectors import Doubt, doubtful, doubtful_silent
from apps.messaging.services.messages import (
    SEND_TASK,
    MessageRefused,
    message_audit,
    message_lock,
    message_reopen,
)
from apps.messaging.services.variants import variants_free

Verdict = Settlement.Verdict


@transaction.atomic
def recipients_settle(
    *,
    message: Message,
    doubt: Doubt,
    verdict: Settlement.Verdict,
    reason: str,
    by: User,
    now: datetime,
    expected: int | None = None,
) -> int:
    """
    Settle recipients of whom nobody can know, and return how many.

    `expected` is how many the person was shown: if there are others by now, nothing happens. Those whose mail
    is said not to have left are written to again, but for those who have opened it or clicked in it: they
    have it. Whoever else did get it gets it twice.

    :raises MessageRefused: no reason, nobody to settle, not as expected; or it is too late to try again
    """
    message = message_lock(message)
    if not reason.strip():
        raise MessageRefused(_("Say why: it stays on record."), field="reason")
    if verdict == Verdict.NOT_SENT:
        _retry_check(message, now=now)
    chosen = doubtful(message, doubt, with_left=verdict != Verdict.LEFT)
    _expected_check(chosen, expected)
    if verdict == Verdict.NOT_SENT:
        chosen = doubtful_silent(chosen)
    told = _("Taken to be sent, by the word of a person: %(reason)s") % {"reason": reason.strip()}
    count = ledger.settle_unknown(chosen, verdict=verdict, reason=reason.strip(), told=told, by=by, now=now)
    if not count:
        raise MessageRefused(_("Nobody is left of whom this can be said."))
    details: dict[str, object] = {"verdict": verdict, "recipients": count, "reason": reason.strip()}
    message_audit(message, "settled", by=by, now=now, details=details)
    if verdict == Verdict.NOT_SENT:
        message_reopen(message, now=now)
        ring(SEND_TASK)
    return count


def _retry_check(message: Message, *, now: datetime) -> None:
    if message.state == Message.State.CANCELLED:
        raise MessageRefused(_("Nobody is written to again: this message was cancelled."), field="verdict")
    if message.not_after and message.not_after <= now:
        told = _("This message must not go out any more: its last moment has passed.")
        raise MessageRefused(told, field="verdict")


def _expected_check(chosen: RecipientQuerySet, expected: int | None) -> None:
    if expected is None or (count := chosen.count()) == expected:
        return
    told = {
        "expected": formats.number_format(expected, force_grouping=True),
        "now": formats.number_format(count, force_grouping=True),
    }
    sentence = ngettext(
        "There is %(now)s of them by now, and not %(expected)s. Look again.",
        "There are %(now)s of them by now, and not %(expected)s. Look again.",
        count,
    )
    raise MessageRefused(sentence % told)


@transaction.atomic
def message_undo(*, message: Message, by: User, now: datetime) -> Message:
    """
    Take a launch back while nothing has begun: the message is a draft again, and its ledger is gone.

    The campaign stays at the stage that the launch brought it to.

    :raises MessageRefused: it has not been launched, is over, or a worker has begun
    """
    message = message_lock(message)
    if not message.is_open:
        told = _("There is no launch to undo: this message is “%(state)s”.")
        raise MessageRefused(told % {"state": message.get_state_display()})
    if not ledger.thaw(message):
        raise MessageRefused(_("It has begun, so the launch cannot be undone. Pause it, or cancel the rest."))
    message.links.all().delete()
    variants_free(message)
    message.domain_figures.all().delete()
    LedgerTally.objects.filter(message=message).delete()
    if message.local_at:
        message.scheduled_at = None  # the launch had written down where the day begins
    message.state, message.pause_reason = Message.State.DRAFT, ""
    message.template_version = message.launched_at = message.launched_by = message.undo_until = None
    message.updated_at = now
    message.save()
    message_audit(message, "undone", by=by, now=now)
    return message
