"""How a message fares: its end, and the automatic pause when the server refuses too much or is gone."""

import re
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.messaging import ledger
from apps.messaging.models import LedgerTally, Message, Recipient
from apps.messaging.services.messages import message_audit, message_pause, message_tell

# A spike: this many answers and this share of them refusals. Old answers fade, so that a bad hour is not
# forgiven by a good morning.
SPIKE_ANSWERS = 50
SPIKE_PERCENT = 20
FADE_AT = 500
# Connections in a row that failed; the scheduler rings every few seconds, so this is a minute or two.
CONNECTIONS_FAILED = 20
# What came back, as a share of what was sent: addresses that nobody has or mails turned away, and complaints.
# From 0.3 % of complaints on, Gmail and Yahoo sort everything of a sender into spam.
BOUNCES_LEAST, BOUNCES_PER_THOUSAND = 20, 50
COMPLAINTS_LEAST, COMPLAINTS_PER_THOUSAND = 5, 3
ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+")


def messages_finish(*, now: datetime) -> list[Message]:
    """Close what has no recipient left to write to, and write that down; repeating it changes nothing."""
    finished = ledger.finish(now=now)
    for message in finished:
        message_audit(message, "ended", by=None, now=now, details={"state": message.state})
    return finished


def is_spike(answers: int, refusals: int) -> bool:
    return answers >= SPIKE_ANSWERS and refusals * 100 >= answers * SPIKE_PERCENT


@transaction.atomic
def answers_note(answers: Mapping[int, Counter[str]], *, now: datetime) -> None:
    """
    Add how mails ended, by message and "taken" or "refused", be it by the server or by a template that fails
    on the contact's data; pause a message at a spike.
    """
    messages = Message.objects.select_for_update(no_key=True).filter(pk__in=answers).order_by("pk")
    for message in messages:
        heard = answers[message.pk]
        message.recent_answers += heard.total()
        message.recent_refusals += heard["refused"]
        spike = is_spike(message.recent_answers, message.recent_refusals)
        told = {"refused": message.recent_refusals, "answers": message.recent_answers}
        if message.recent_answers >= FADE_AT:
            message.recent_answers //= 2
            message.recent_refusals //= 2
        message.connections_failed = 0
        message.save(update_fields=["recent_answers", "recent_refusals", "connections_failed"])
        if spike and message.is_running:
            why = _("%(refused)s of the last %(answers)s mails were refused, or could not be built.") % told
            _pause(message, why, now=now)


@transaction.atomic
def returned_note(message_id: int, *, bounces: int = 0, complaints: int = 0, now: datetime) -> None:
    """
    Add mails that came back, one for each recipient; pause the message at a spike, and tell its people.

    A message that has ended cannot be paused, but they are told all the same: the next one is the better for
    it. Once only, until somebody lets it go on.
    """
    message = Message.objects.select_for_update(no_key=True).get(pk=message_id)
    message.bounces += bounces
    message.complaints += complaints
    why = "" if message.spiked_at else _returned_too_much(message)
    if why:
        message.spiked_at = now
    message.save(update_fields=["bounces", "complaints", "spiked_at"])
    if why and message.is_running:
        _pause(message, why, now=now)
    elif why:
        told = _("“%(message)s”: %(why)s") % {"message": message.name[:80], "why": why}
        message_tell(message, told, now=now)


def _returned_too_much(message: Message) -> str:
    """Return in a sentence what came back too often; '' while all is well."""
    if _is_share(message, message.complaints, COMPLAINTS_LEAST, COMPLAINTS_PER_THOUSAND):
        told = _("%(n)s readers called it spam, which is more than %(percent)s %% of those it was sent to.")
        return told % {"n": message.complaints, "percent": COMPLAINTS_PER_THOUSAND / 10}
    if _is_share(message, message.bounces, BOUNCES_LEAST, BOUNCES_PER_THOUSAND):
        told = _("%(n)s mails came back, which is more than %(percent)s %% of those sent.")
        return told % {"n": message.bounces, "percent": BOUNCES_PER_THOUSAND // 10}
    return ""


def _is_share(message: Message, count: int, least: int, per_thousand: int) -> bool:
    """Test if `count` is such a share of what was sent, without counting further than it takes to tell."""
    if count < least:
        return False
    most = count * 1000 // per_thousand
    if _sent_by_tally(message) > most:
        return False
    return message.recipients.filter(state=Recipient.State.SENT)[: most + 1].count() <= most


def _sent_by_tally(message: Message) -> int:
    """Return how many had been sent when a large ledger was last counted: since then only more were."""
    tally = LedgerTally.objects.filter(message=message)
    return tally.values_list("facts__ledger__states__sent", flat=True).first() or 0


@transaction.atomic
def connection_failed(messages: Collection[int], *, why: str, now: datetime) -> None:
    """Count one more connection that failed; pause the messages that wait for it at `CONNECTIONS_FAILED`."""
    waiting = Message.objects.select_for_update(no_key=True).filter(pk__in=messages).order_by("pk")
    for message in waiting:
        message.connections_failed += 1
        message.save(update_fields=["connections_failed"])
        if message.connections_failed >= CONNECTIONS_FAILED and message.is_running:
            told = _("The mail server could not be reached %(n)s times in a row: %(why)s")
            # Whoever sees the message reads this, and servers quote whom they were given last.
            reason = told % {"n": message.connections_failed, "why": ADDRESS.sub("…", why)}
            _pause(message, reason[:500], now=now)


@transaction.atomic
def message_hold(message_id: int, *, why: str, now: datetime) -> None:
    """Pause a message of which no mail can be built: until somebody mends it, there is nothing to try."""
    message = Message.objects.select_for_update(no_key=True).get(pk=message_id)
    if message.is_running:
        _pause(message, why[:500], now=now)


def _pause(message: Message, why: str, *, now: datetime) -> None:
    """Pause by ourselves, and tell those who answer for the message."""
    message_pause(message=message, by=None, now=now, reason=why)
    told = _("“%(message)s” was paused: %(why)s") % {"message": message.name[:80], "why": why}
    message_tell(message, told, now=now)
