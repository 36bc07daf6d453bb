"""What a list says of each recipient in a line: what holds them, what was said of them, what came back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from apps.core.display import clock_time
from apps.messaging.models import BOUNCES, DeliveryReport, RateLimit, Recipient, RuleNote
from apps.messaging.selectors.delays import Cause
from apps.messaging.selectors.why import note_detail, report_said

State = Recipient.State


@dataclass(frozen=True)
class Wait:
    """What one recipient waits for; `until` None: until there is room. `detail`: by which rule, or answer."""

    cause: Cause
    until: datetime | None
    detail: str


def recipient_waits(rows: Sequence[Recipient]) -> dict[int, Wait]:
    """Return for what each of a page of recipients waits; who does not wait is left out. Two queries."""
    planned = [row for row in rows if row.state == State.PLANNED]
    if not planned:
        return {}
    people, ids = [row.contact_id for row in planned], [row.pk for row in planned]
    noted = RuleNote.objects.filter(contact__in=people, recipient__in=ids, rule=RuleNote.Rule.QUIET)
    quiet = {note.recipient_id: note for note in noted.order_by("at", "pk")}
    limits = RateLimit.objects.in_bulk({row.waits_for_id for row in planned if row.waits_for_id})
    return {row.pk: _wait(row, quiet.get(row.pk), limits.get(row.waits_for_id)) for row in planned}


def _wait(row: Recipient, note: RuleNote | None, limit: RateLimit | None) -> Wait:
    if note is not None and note.until == row.due_at:
        return Wait(Cause.QUIET_HOURS, row.due_at, note_detail(note))
    if row.waits_for_id:
        return Wait(Cause.RATE_LIMIT, None, _("Limited to %(limit)s") % {"limit": limit} if limit else "")
    if row.attempts and row.answer:
        return Wait(Cause.MAIL_SERVER, row.due_at, row.answer)
    return Wait(Cause.HOUR, row.due_at, "")


def recipients_told(rows: Sequence[Recipient], *, in_line: str = "") -> list[tuple[Recipient, str]]:
    """
    Return a page of recipients, each with why it is where it is. Their contacts are looked at.

    `in_line`: what holds those of a message who are in line, if anything does.
    """
    waits = recipient_waits(rows)
    sent = [row.pk for row in rows if row.state in {State.SENT, State.UNKNOWN}]
    reports = DeliveryReport.objects.filter(recipient__in=sent, verdict__in=BOUNCES).order_by("at", "pk")
    returned = {report.recipient_id: report for report in reports} if sent else {}
    return [
        (row, in_line if row.state == State.QUEUED else _told(row, waits.get(row.pk), returned.get(row.pk)))
        for row in rows
    ]


def _told(row: Recipient, wait: Wait | None, report: DeliveryReport | None) -> str:
    if row.reason:
        return str(row.get_reason_display())
    if report is not None:
        return _("Came back: %(said)s") % {"said": report_said(report)}
    if row.state == State.EXPIRED and row.message.not_after:
        return _("not after %(when)s") % {"when": clock_time(row.message.not_after, row.contact.timezone)}
    if wait is None:
        return row.answer
    if wait.until is None:
        return wait.detail
    until = _("waits until %(when)s") % {"when": clock_time(wait.until, row.contact.timezone)}
    return f"{wait.detail} · {until}" if wait.detail else until
