"""Consent: who may be written to, and the proof of it. The ledger is only ever appended to."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.contacts.addresses import address_hash
from apps.contacts.consents import ConsentChange
from apps.contacts.models import Channel, Consent, ConsentEvent, ConsentStatus, Contact, Suppression
from apps.contacts.services.topics import topic_check
from apps.core.errors import DomainError


class ConsentRefused(DomainError):
    pass


@transaction.atomic
def consent_record(
    *,
    contact: Contact,
    change: ConsentChange,
    by: User | None,
    now: datetime,
    network: str | None = None,
) -> ConsentEvent | None:
    """
    Append to the consent ledger and move where the contact stands; None if it stands there already, and for
    “pending” where a word of theirs stands.

    For one person's own wish, or for somebody who acts on it: it may subscribe again. Imports go through
    `consents_import`, which never does; who is to be asked first, through `confirmation_request`. What
    somebody says who was merged holds for the contact that is kept. `network` is the address of the browser
    in which the person said it.

    :raises ConsentRefused: to subscribe without a basis, or somebody who is suppressed or has no address
    :raises TopicUnknown: no such topic on this channel
    """
    topic_check(topic=change.topic, channel=change.channel, status=change.status)
    contact = Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
    while contact.merged_into is not None:
        contact = Contact.objects.select_for_update(no_key=True).get(pk=contact.merged_into)
    if change.status == ConsentStatus.SUBSCRIBED:
        subscribable_check(contact, change)
    place: dict[str, Any] = {"contact": contact, "channel": change.channel, "topic": change.topic}
    known = Consent.objects.filter(**place).first()
    if known is not None and change.status in {known.status, ConsentStatus.PENDING}:
        return None
    Consent.objects.update_or_create(**place, defaults={"status": change.status, "changed_at": now})
    event = ConsentEvent.objects.create(
        **place,
        status=change.status,
        at=now,
        basis=change.basis,
        source=change.source,
        wording=change.wording,
        network=network,
        by=by,
    )
    details = {"channel": change.channel, "topic": change.topic, "basis": change.basis}
    collaboration.audit_record(
        action=f"consent.{change.status}", subject=contact, by=by, now=now, details={**details}
    )
    return event


def subscribable_check(contact: Contact, change: ConsentChange) -> None:
    """:raises ConsentRefused: no basis, no address, or suppressed"""
    if not change.basis.strip():
        raise ConsentRefused(_("Say on what ground this person may be written to."))
    address = contact.email if change.channel == Channel.EMAIL else contact.phone
    if not address:
        raise ConsentRefused(_("This contact has no address on this channel."))
    if Suppression.objects.filter(channel=change.channel, address_hash=address_hash(address)).exists():
        raise ConsentRefused(_("This address is suppressed. Lift the suppression first."))
