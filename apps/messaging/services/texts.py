"""What people answer to text messages."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.contacts import services as contacts
from apps.contacts.addresses import address_hash, phone_normalise
from apps.contacts.models import Channel, ConsentStatus, Contact, Suppression
from apps.contacts.services import ConsentChange

MOST = 100  # contacts that share one number


@transaction.atomic
def text_stop(*, number: str, now: datetime) -> bool:
    """
    Send nothing to this number any more, whoever has it: suppressed, and consent to SMS withdrawn.

    Repeating it changes nothing. Return whether it was new.

    :raises AddressInvalid: this is no telephone number
    """
    number = phone_normalise(number)
    hashed = address_hash(number)
    if Suppression.objects.filter(channel=Channel.SMS, address_hash=hashed).exists():
        return False
    change = ConsentChange(
        status=ConsentStatus.UNSUBSCRIBED, channel=Channel.SMS, basis="STOP by text message", source=_("SMS")
    )
    having = Contact.objects.known().filter(phone=number).order_by("pk")
    for contact in having.select_for_update(no_key=True)[:MOST]:
        contacts.consent_record(contact=contact, change=change, by=None, now=now)
    contacts.suppression_add(
        address=number,
        channel=Channel.SMS,
        reason=Suppression.Reason.UNSUBSCRIBED,
        by=None,
        now=now,
        source=_("STOP by text message"),
    )
    return True
