"""
Double opt-in: a person is asked by mail, and agrees by pressing a button. Until then nobody writes to them.

The mail leaves after the commit, by the way that invitations go; what the mail server does not take can be
sent again from the contact's page.
"""

import logging
from datetime import datetime
from functools import partial
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.contacts.addresses import address_hash
from apps.contacts.consents import ConsentChange
from apps.contacts.models import Channel, Confirmation, Consent, ConsentStatus, Contact, Topic
from apps.contacts.services.consent import ConsentRefused, consent_record, subscribable_check
from apps.contacts.services.topics import topic_check
from apps.core.errors import DomainError

logger = logging.getLogger(__name__)
BASIS = "double opt-in"
_SIGNER_SALT = "contacts.confirmation"


class ConfirmationOver(DomainError):
    """The link is good for nothing any more; the sentence is for the person who followed it."""


@transaction.atomic
def confirmation_request(
    *, contact: Contact, change: ConsentChange, by: User | None, now: datetime
) -> Confirmation:
    """
    Ask the contact by mail whether we may write, and note “pending”; asked already: send the mail again.

    Somebody who said no stays unsubscribed until they confirm, so that no import can come in between.

    :raises ConsentRefused: no basis or address, suppressed, agreed already, left e-mail as a whole, or asked
        too often
    :raises TopicUnknown: no such topic of e-mail
    """
    topic_check(topic=change.topic, channel=Channel.EMAIL)
    if change.channel != Channel.EMAIL:
        raise ConsentRefused(_("People are asked by e-mail only."))
    contact = Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
    subscribable_check(contact, change)
    stands = dict(
        contact.consents.filter(channel=Channel.EMAIL, topic__in=["", change.topic]).values_list(
            "topic", "status"
        )
    )
    if stands.get(change.topic) == ConsentStatus.SUBSCRIBED:
        raise ConsentRefused(_("This person has agreed already."))
    if change.topic and stands.get("") == ConsentStatus.UNSUBSCRIBED:
        raise ConsentRefused(_("This person has left e-mail as a whole. Ask about that first."))
    confirmation = _ask(contact, change, by=by, now=now)
    if stands.get(change.topic) is None:
        pending = ConsentChange(
            status=ConsentStatus.PENDING,
            topic=change.topic,
            basis=change.basis,
            source=change.source,
            wording=confirmation.wording,
        )
        consent_record(contact=contact, change=pending, by=by, now=now)
    else:
        collaboration.audit_record(
            action="consent.pending", subject=contact, by=by, now=now, details={"topic": change.topic}
        )
    transaction.on_commit(partial(confirmation_send, confirmation=confirmation, now=now), robust=True)
    return confirmation


def confirmation_resend(*, confirmation: Confirmation, by: User | None, now: datetime) -> Confirmation:
    """
    Ask the same once more, in the same words.

    :raises ConsentRefused: see `confirmation_request`
    """
    change = ConsentChange(
        status=ConsentStatus.PENDING,
        topic=confirmation.topic,
        basis=confirmation.basis,
        source=confirmation.source,
        wording=confirmation.wording,
    )
    return confirmation_request(contact=confirmation.contact, change=change, by=by, now=now)


def _ask(contact: Contact, change: ConsentChange, *, by: User | None, now: datetime) -> Confirmation:
    place: dict[str, Any] = {"contact": contact, "channel": Channel.EMAIL, "topic": change.topic}
    confirmation = Confirmation.objects.filter(**place).first()
    hashed = address_hash(contact.email)
    if confirmation is None:
        confirmation = Confirmation(**place)
    elif confirmation.is_open(at=now) and confirmation.address_hash == hashed:
        return _again(confirmation, now=now)
    else:
        confirmation.number += 1
    confirmation.address_hash = hashed
    confirmation.basis, confirmation.source = change.basis, change.source
    confirmation.wording = change.wording.strip() or wording_default(change.topic)
    confirmation.asked_at = confirmation.mailed_at = now
    confirmation.mails = 1
    confirmation.expires_at = now + Confirmation.GOOD_FOR
    confirmation.sent_at = confirmation.confirmed_at = None
    confirmation.by = by
    confirmation.save()
    return confirmation


def _again(confirmation: Confirmation, *, now: datetime) -> Confirmation:
    if confirmation.mails >= Confirmation.AT_MOST:
        raise ConsentRefused(
            _("They were asked %(times)s times and have not answered. They can be asked anew in some days.")
            % {"times": Confirmation.AT_MOST}
        )
    if now < confirmation.mailed_at + Confirmation.PAUSE:
        raise ConsentRefused(_("They were asked just now. Give the mail ten minutes to arrive."))
    confirmation.mails += 1
    confirmation.mailed_at, confirmation.sent_at = now, None
    confirmation.save(update_fields=["mails", "mailed_at", "sent_at"])
    return confirmation


def wording_default(topic: str) -> str:
    """Return what a person agrees to where nobody put it into words."""
    name = Topic.objects.filter(key=topic).values_list("name", flat=True).first()
    if name:
        return _("I want to get e-mails about %(topic)s.") % {"topic": name}
    return _("I want to get e-mails.")


def confirmation_send(*, confirmation: Confirmation, now: datetime) -> bool:
    """Mail the link, outside any transaction; False: the mail server did not take it."""
    context = {
        "confirmation": confirmation,
        "url": settings.BASE_URL + reverse("contacts:confirm", args=[token_make(confirmation)]),
    }
    mail = EmailMultiAlternatives(
        subject=_("Please confirm that you want our e-mails"),
        body=render_to_string("emails/confirmation/body.txt", context),
        to=[confirmation.contact.email],
    )
    mail.attach_alternative(render_to_string("emails/confirmation/body.html", context), "text/html")
    try:
        mail.send()
    except (OSError, SMTPException) as error:
        logger.warning("confirmation %s was not sent: %s", confirmation.pk, type(error).__name__)
        return False
    Confirmation.objects.filter(pk=confirmation.pk, mails=confirmation.mails).update(sent_at=now)
    return True


def token_make(confirmation: Confirmation) -> str:
    """Return what stands in the link: which question, and the how-manieth time it is asked."""
    return _signer().sign(f"{confirmation.pk}-{confirmation.number}")


def confirmation_of(token: str) -> Confirmation | None:
    """Return the question that a link belongs to; None: not ours, or the person was asked anew since."""
    try:
        pk, _dash, number = _signer().unsign(token).partition("-")
    except signing.BadSignature:
        return None
    found = Confirmation.objects.filter(pk=int(pk), number=int(number), contact__erased_at__isnull=True)
    return found.select_related("contact").first()


def confirmation_check(*, confirmation: Confirmation, now: datetime) -> None:
    """
    Refuse a link that is over.

    :raises ConfirmationOver: expired, or the person has another address or has said no since
    """
    contact = confirmation.contact
    if now >= confirmation.expires_at:
        raise ConfirmationOver(_("This link was good for seven days. Ask us for a new one."))
    if bytes(confirmation.address_hash) != address_hash(contact.email):
        raise ConfirmationOver(_("This link was for another address. Ask us for a new one."))
    said_no = Consent.objects.filter(
        contact=contact,
        channel=confirmation.channel,
        topic__in=["", confirmation.topic],
        status=ConsentStatus.UNSUBSCRIBED,
        changed_at__gt=confirmation.asked_at,
    )
    if said_no.exists():
        raise ConfirmationOver(_("You have unsubscribed since this mail was sent, and so it stays."))


@transaction.atomic
def confirmation_confirm(*, confirmation: Confirmation, now: datetime, network: str | None = None) -> bool:
    """
    Take the person's yes: they are subscribed from now on. Pressed again it changes nothing, and is False.

    :raises ConfirmationOver: see `confirmation_check`
    """
    Contact.objects.select_for_update(no_key=True).get(pk=confirmation.contact_id)
    confirmation = Confirmation.objects.select_related("contact").get(pk=confirmation.pk)
    if confirmation.confirmed_at is not None:
        return False
    confirmation_check(confirmation=confirmation, now=now)
    change = ConsentChange(
        status=ConsentStatus.SUBSCRIBED,
        topic=confirmation.topic,
        basis=BASIS,
        source=confirmation.source,
        wording=confirmation.wording,
    )
    try:
        consent_record(contact=confirmation.contact, change=change, by=None, now=now, network=network)
    except DomainError as refusal:
        raise ConfirmationOver(_("This address is not written to any more. Ask us about it.")) from refusal
    confirmation.confirmed_at = now
    confirmation.save(update_fields=["confirmed_at"])
    return True


def _signer() -> signing.Signer:
    return signing.Signer(sep=".", salt=_SIGNER_SALT)
