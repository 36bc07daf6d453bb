"""What mail systems say of our mails afterwards: bounces and complaints, each taken in once."""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.contacts import services as contacts
from apps.contacts.models import ConsentStatus, Contact, Suppression
from apps.contacts.services import ConsentChange
from apps.core.partitions import month_of, month_partition_ensure
from apps.core.queues import ring
from apps.messaging import ledger, selectors
from apps.messaging.bouncebox import unread
from apps.messaging.bounces import Report, is_no_mailbox, report_read
from apps.messaging.models import BOUNCES, DeliveryEvent, DeliveryReport, Recipient, Verdict
from apps.messaging.services import health
from apps.messaging.services.tracking import address_of, recipient_unsubscribe

logger = logging.getLogger(__name__)

COLLECT_TASK = "apps.messaging.tasks.reports_collect"
AT_A_TIME = 200
# So many bounces that may pass, one after the other and with no delivery between: nobody reads there.
SOFT_IN_A_ROW = 5
# What may have been handed over. Rows in line among it: our signature is in the mail and nowhere else, so one
# that was put back in line had left after all.
HANDED_OVER = {
    Recipient.State.SENDING, Recipient.State.SENT, Recipient.State.UNKNOWN,
    Recipient.State.LEASED, Recipient.State.QUEUED, Recipient.State.PLANNED,
}  # fmt: skip
Kind, Source = DeliveryEvent.Kind, DeliveryReport.Source


@dataclass(frozen=True)
class TakenIn:
    """`is_new`: False where this report had been taken in before, and nothing was done."""

    report: DeliveryReport
    is_new: bool


def reports_collect(*, now: datetime) -> int:
    """
    Take in what waits in the bounce mailbox, and return how many mails that were; ring for more.

    Each is a transaction of its own: one that fails is flagged in the mailbox and holds up nobody. Killed in
    between, the next ring meets the same mail again, which changes nothing.

    :raises MailboxUnavailable: it cannot be opened or read
    """
    if not settings.BOUNCE_MAILBOX_URL:
        return 0
    count = 0
    with unread(settings.BOUNCE_MAILBOX_URL, limit=AT_A_TIME) as mails:
        for mail in mails:
            mail.done(_collected(mail.raw, now=now))
            count += 1
    if count == AT_A_TIME:
        ring(COLLECT_TASK)
    return count


def _collected(raw: bytes, *, now: datetime) -> bool:
    try:
        report_take(raw=raw, source=Source.MAIL, by=None, now=now)
    except (DatabaseError, ValueError, LookupError) as error:
        # Without the mail's text: it is full of addresses.
        logger.error("a mail in the bounce mailbox could not be taken in: %s", type(error).__name__)  # noqa: TRY400
        return False
    return True


@transaction.atomic
def report_take(*, raw: bytes, source: DeliveryReport.Source, by: User | None, now: datetime) -> TakenIn:
    """
    Take in one mail that came back to a return path, as it came; the same one twice changes nothing.

    A hard bounce or a complaint suppresses the address; a complaint withdraws consent too; so do bounces that
    may pass, after `SOFT_IN_A_ROW`. A mail whose end nobody knew counts as sent from now on. What is not
    signed by us is kept and has no effect.
    """
    return report_enter(report=report_read(raw), source=source, by=by, now=now)


@transaction.atomic
def report_enter(*, report: Report, source: DeliveryReport.Source, by: User | None, now: datetime) -> TakenIn:
    """Take in what was read of a report, as `report_take` does."""
    recipient = _recipient(report)
    if recipient is not None:
        # Reports about one person are taken in one after the other.
        Contact.objects.select_for_update(no_key=True).get(pk=recipient.contact_id)
    row, is_new = DeliveryReport.objects.get_or_create(
        contact=recipient.contact if recipient else None,
        event_key=report.event_key,
        defaults={
            "recipient": recipient,
            "message": recipient.message if recipient else None,
            "source": source,
            "verdict": report.verdict,
            "status": report.status,
            "answer": _told(report, recipient),
            "at": now,
        },
    )
    if is_new and recipient is not None:
        _follow(recipient, row, by=by, now=now)
    return TakenIn(row, is_new)


@transaction.atomic
def refusals_take(*, answers: Mapping[int, str], now: datetime) -> int:
    """
    Take in what servers said of those whose mail they will never take, by id; return how many were news.

    Where one says that there is no such mailbox, that is a hard bounce that came early: kept as a report, an
    event of the message, and the address is suppressed. How often servers refuse is counted elsewhere.
    """
    hard = {pk: answer for pk, answer in answers.items() if is_no_mailbox(answer)}
    if not hard:
        return 0
    rows = Recipient.objects.filter(pk__in=hard).select_related("contact", "message").order_by("contact_id")
    return sum(_refusal_take(row, hard[row.pk], now=now) for row in rows)


def _refusal_take(recipient: Recipient, answer: str, *, now: datetime) -> bool:
    Contact.objects.select_for_update(no_key=True).get(pk=recipient.contact_id)
    key = hashlib.sha256(f"talk:{recipient.pk}:{recipient.attempts}".encode()).digest()
    status = answer[4:].split(maxsplit=1)[0]
    facts = {
        "recipient": recipient,
        "message": recipient.message,
        "source": Source.TALK,
        "verdict": Verdict.HARD,
        "status": status,
        "answer": answer[:500] if recipient.address else "",
        "at": now,
    }
    _row, is_new = DeliveryReport.objects.get_or_create(
        contact=recipient.contact, event_key=key, defaults=facts
    )
    if is_new:
        _event_add(recipient, Kind.BOUNCED, now=now, bounce_class=Verdict.HARD)
        if recipient.address:
            contacts.suppression_add(
                address=recipient.address,
                reason=Suppression.Reason.BOUNCED,
                by=None,
                now=now,
                source=_source(recipient),
            )
    return is_new


def _recipient(report: Report) -> Recipient | None:
    """Return whose mail it is about; only what may have been handed over can come back."""
    if report.recipient_id is None:
        return None
    found = Recipient.objects.filter(pk=report.recipient_id, state__in=HANDED_OVER)
    return found.select_related("contact", "message__channel").first()


def _told(report: Report, recipient: Recipient | None) -> str:
    """Of mails that are not ours nothing is kept that strangers wrote, nor of those who were erased."""
    return report.answer if recipient and recipient.address else ""


def _follow(recipient: Recipient, report: DeliveryReport, *, by: User | None, now: datetime) -> None:
    settled = {*BOUNCES, Verdict.DELIVERED, Verdict.DELAYED, Verdict.COMPLAINT, Verdict.UNSUBSCRIBED}
    if report.verdict in settled:
        told = _("A report came back, so it had been taken: %(status)s %(answer)s")
        answer = told % {"status": report.status, "answer": report.answer}
        ledger.settle_taken(recipient.pk, answer=answer, now=now)
    if report.verdict == Verdict.COMPLAINT:
        _complained(recipient, by=by, now=now)
    elif report.verdict == Verdict.UNSUBSCRIBED:
        is_theirs = report.source == Source.PROVIDER
        basis = "unsubscribed at the provider" if is_theirs else "unsubscribe by e-mail"
        recipient_unsubscribe(recipient=recipient, basis=basis, now=now)
    elif report.verdict in BOUNCES:
        _bounced(recipient, report, by=by, now=now)


def _bounced(recipient: Recipient, report: DeliveryReport, *, by: User | None, now: datetime) -> None:
    is_first = _event_add(recipient, Kind.BOUNCED, now=now, bounce_class=report.verdict)
    # A full mailbox says nothing about the message, so it is no reason to hold it.
    if is_first and report.verdict != Verdict.SOFT:
        health.returned_note(recipient.message_id, bounces=1, now=now)
    is_over = report.verdict == Verdict.HARD or (
        report.verdict == Verdict.SOFT
        and selectors.soft_bounces_in_a_row(recipient, now=now) >= SOFT_IN_A_ROW
    )
    if is_over and recipient.address:
        contacts.suppression_add(
            address=recipient.address,
            reason=Suppression.Reason.BOUNCED,
            channel=recipient.message.way,
            by=by,
            now=now,
            source=_source(recipient),
        )


def _complained(recipient: Recipient, *, by: User | None, now: datetime) -> None:
    """Whoever calls it spam is never written to again, at whichever address the contact has now."""
    if _event_add(recipient, Kind.COMPLAINED, now=now):
        health.returned_note(recipient.message_id, complaints=1, now=now)
    change = ConsentChange(
        status=ConsentStatus.UNSUBSCRIBED,
        channel=recipient.message.way,
        basis="complaint to the mailbox provider",
        source=_source(recipient),
    )
    contacts.consent_record(contact=recipient.contact, change=change, by=by, now=now)
    for address in {recipient.address, address_of(recipient.contact, recipient.message)} - {""}:
        contacts.suppression_add(
            address=address,
            channel=recipient.message.way,
            reason=Suppression.Reason.COMPLAINED,
            by=by,
            now=now,
            source=_source(recipient),
        )


def _source(recipient: Recipient) -> str:
    return _("message %(id)s") % {"id": recipient.message_id}


def _event_add(
    recipient: Recipient, kind: DeliveryEvent.Kind, *, now: datetime, bounce_class: str = ""
) -> bool:
    """Append the event, unless this recipient has one of its kind; return whether it did."""
    if DeliveryEvent.objects.filter(recipient=recipient, kind=kind).exists():
        return False
    month_partition_ensure(DeliveryEvent._meta.db_table, month_of(now))
    DeliveryEvent.objects.create(
        recipient=recipient,
        message_id=recipient.message_id,
        contact_id=recipient.contact_id,
        kind=kind,
        at=now,
        bounce_class=bounce_class,
    )
    return True
