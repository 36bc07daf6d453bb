"""The lists of messages, recipients and senders."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import idna
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.campaigns.models import Campaign, Channel
from apps.contacts.models import Contact
from apps.contacts.models.contact import ADDRESS_FIELDS
from apps.messaging.addresses import AddressNotUsable, own_address
from apps.messaging.models import (
    BOUNCES,
    DeliveryEvent,
    Message,
    Recipient,
    RuleNote,
    Sender,
    SendingDomain,
    Settlement,
    Verdict,
)
from apps.messaging.selectors.delays import Cause
from apps.messaging.selectors.doubts import recipient_settlements
from apps.messaging.selectors.waits import Wait, recipient_waits
from apps.messaging.selectors.why import left_out_detail, note_detail, row_sentence, rule_notes

State = Recipient.State


def messages(*, user: User, search: str = "", state: str = "") -> QuerySet[Message]:
    """Return the messages of the campaigns that exist for this person."""
    found = Message.objects.visible_to(user)
    if search:
        found = found.filter(name__icontains=search)
    if state:
        found = found.filter(state=state)
    return found.select_related("campaign", "channel__owner", "template")


def campaign_messages(campaign: Campaign) -> list[Message]:
    """Return a campaign's messages, oldest first: the order in which people get them."""
    found = campaign.messages.select_related("channel__owner", "template", "sender").order_by("pk")
    return list(found)


def sending_channels(campaign: Campaign) -> list[Channel]:
    """Return the channels of a campaign on which messages are sent."""
    kinds = [Channel.Kind.EMAIL, Channel.Kind.SMS]
    return list(campaign.channels.filter(kind__in=kinds).select_related("owner"))


def recipients(
    message: Message, *, state: str = "", reason: str = "", search: str = ""
) -> QuerySet[Recipient]:
    """Return recipients of a message, by state; `search` is the beginning of an address."""
    found = message.recipients.all()
    if state:
        found = found.filter(state=state)
    if reason:
        found = found.filter(reason=reason)
    if search:
        # The contact's own index answers; a ledger of millions is not read for it.
        by_address = {f"{ADDRESS_FIELDS[message.way][0]}__startswith": search.lower()}
        people = Contact.objects.filter(**by_address).values("pk")[:200]
        found = found.filter(contact__in=people)
    return found.select_related("contact")


def contact_recipients(contact: Contact, *, limit: int = 50) -> list[Recipient]:
    """Return what was meant for a contact, newest first: also what did not go, with the reason."""
    found = contact.recipients.select_related("message__campaign")
    return list(found.order_by("-message_id", "-occurrence")[:limit])


@dataclass(frozen=True)
class Why:
    """In a sentence why a contact got a message or not, and the rows of the ledger that say so."""

    sentence: str
    rows: list[Recipient]


def contact_why(contact: Contact, message: Message, *, now: datetime) -> Why:
    """Tell from stored facts whether a contact got a message, and why."""
    found = contact.recipients.filter(message=message).select_related("message__channel", "contact")
    rows = list(found.order_by("-occurrence"))
    if message.launched_at is None:
        return Why(str(_("The message has not been launched.")), [])
    if not rows:
        return Why(str(_("Not in the audience when the message was launched.")), [])
    return Why(row_sentence(rows[0], now=now), rows)


def recipient_events(recipient: Recipient) -> list[DeliveryEvent]:
    return list(recipient.delivery_events.select_related("link").order_by("-at", "-pk")[:200])


def senders(*, search: str = "", active: str = "") -> QuerySet[Sender]:
    found = Sender.objects.select_related("provider", "sms_provider")
    if search:
        found = found.filter(name__icontains=search) | found.filter(email__icontains=search)
    if active:
        found = found.filter(is_active=active == "yes")
    return found


def domains(*, search: str = "") -> QuerySet[SendingDomain]:
    found = SendingDomain.objects.all()
    return found.filter(name__icontains=search) if search else found


def domain_of(address: str) -> SendingDomain | None:
    """Return the sending domain that an address is of; None if nobody has written it down."""
    return SendingDomain.objects.filter(name=domain_name(address)).first()


def domain_name(address: str) -> str:
    """Return what the sending domain of an address is called, written down or not; '' of one that is none."""
    with suppress(AddressNotUsable):
        return own_address(address).domain.lower()
    return ""


def domain_senders(domain: SendingDomain) -> list[Sender]:
    """Return those who send from a domain, in use or not."""
    ours = Sender.objects.filter(email__iendswith=f"@{idna.decode(domain.name)}")
    return list((ours | Sender.objects.filter(email__iendswith=f"@{domain.name}"))[:100])


def senders_in_use() -> QuerySet[Sender]:
    return Sender.objects.filter(is_active=True)


@dataclass(frozen=True)
class Entry:
    """One line of a recipient's story; fields as in `components/timeline.html`."""

    at: datetime
    text: str
    icon: str = "circle-dot"
    tone: str = "neutral"
    detail: str = ""


ENDINGS = {
    State.SENT: (_("The mail server took it"), "circle-check", "good"),
    State.FAILED: (_("It could not be sent"), "circle-x", "bad"),
    State.UNKNOWN: (_("Nobody can know whether it arrived; it is not sent again"), "help-circle", "warn"),
    State.SKIPPED: (_("Left out at the last moment"), "circle-minus", "neutral"),
    State.CANCELLED: (_("Cancelled before it left"), "circle-minus", "neutral"),
    State.EXPIRED: (_("Expired: it would have come too late"), "circle-minus", "neutral"),
}


WAITING_FOR = {
    Cause.HOUR: _("Waits for its hour"),
    Cause.QUIET_HOURS: _("Waits until quiet hours are over"),
    Cause.MAIL_SERVER: _("Waits to be tried again"),
}
NOTED = {
    RuleNote.Rule.CAP: (_("Had as many messages as a cap allows"), "gauge", "neutral"),
    RuleNote.Rule.QUIET: (_("Held until quiet hours are over"), "moon", "info"),
    RuleNote.Rule.RATE: (_("Put aside until its domain’s limit has room"), "gauge", "info"),
}


def recipient_timeline(recipient: Recipient) -> list[Entry]:
    """Tell a recipient's story from the facts of its row and what the reader did, newest first."""
    entries = []
    if recipient.state in ENDINGS and recipient.finished_at:
        text, icon, tone = ENDINGS[State(recipient.state)]
        detail = left_out_detail(recipient) if recipient.reason else recipient.answer
        entries.append(Entry(recipient.finished_at, str(text), icon, tone, detail))
    elif wait := recipient_waits([recipient]).get(recipient.pk):
        entries += _waiting_entries(wait)
    told = _report_entries(recipient)
    entries += told
    entries += [_note_entry(note) for note in rule_notes(recipient)]
    entries += [_settlement_entry(settlement) for settlement in recipient_settlements(recipient)]
    for event in recipient_events(recipient):
        if told and event.kind in {DeliveryEvent.Kind.BOUNCED, DeliveryEvent.Kind.COMPLAINED}:
            continue  # the report says the same in more words
        machine = _("By a machine: %(why)s") % {"why": event.machine_reason} if event.machine_reason else ""
        detail = " · ".join(filter(None, [str(event.link) if event.link else "", str(machine)]))
        label = str(DeliveryEvent.Kind(event.kind).label)
        entries.append(Entry(event.at, label, "click" if event.link else "mail-opened", "neutral", detail))
    entries.append(_launch_entry(recipient))  # last: of what happened in the same moment, it came first
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def _report_entries(recipient: Recipient) -> list[Entry]:
    """What mail systems said afterwards, in their own words."""
    return [
        Entry(
            report.at,
            str(report.get_verdict_display()),
            "mail-x" if report.verdict in BOUNCES else "message-report",
            "bad" if report.verdict in {Verdict.HARD, Verdict.COMPLAINT} else "warn",
            " · ".join(filter(None, [report.status, report.answer])),
        )
        for report in recipient.reports.order_by("-at", "-pk")[:50]
    ]


def _note_entry(note: RuleNote) -> Entry:
    text, icon, tone = NOTED[RuleNote.Rule(note.rule)]
    return Entry(note.at, str(text), icon, tone, note_detail(note))


def _settlement_entry(settlement: Settlement) -> Entry:
    told = _("%(who)s settled it: %(verdict)s")
    text = told % {"who": settlement.by, "verdict": settlement.get_verdict_display()}
    return Entry(settlement.at, text, "gavel", "info", settlement.reason)


def _waiting_entries(wait: Wait) -> list[Entry]:
    """What comes next, and when; nothing of who waits for room, for nobody knows when that is."""
    if wait.until is None:
        return []
    return [Entry(wait.until, str(WAITING_FOR[wait.cause]), "clock", "info", wait.detail)]


def _launch_entry(recipient: Recipient) -> Entry:
    at = recipient.message.launched_at or recipient.due_at
    if recipient.state == State.EXCLUDED:
        reason = left_out_detail(recipient)
        return Entry(at, str(_("In the audience, but left out at launch")), "circle-minus", "neutral", reason)
    return Entry(at, str(_("In the audience at launch")), "users", "info")
