"""What a reader chooses on the preference page that a mail leads to."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.contacts import services as contacts
from apps.contacts.models import Channel, ConsentStatus, Contact, Topic
from apps.contacts.services import ConsentChange
from apps.core.errors import DomainError
from apps.messaging import selectors
from apps.messaging.models import Recipient

BASIS = "preference page"


class PreferencesRefused(DomainError):
    """The choice cannot be kept; the sentence is for the reader."""


@transaction.atomic
def preferences_save(
    *,
    recipient: Recipient,
    shown: Collection[str],
    chosen: Collection[str],
    now: datetime,
    network: str | None = None,
) -> int:
    """
    Keep what the reader chose among the topics that the page had shown, and return how many changed.

    A topic that was not on the page, or is not public any more, stays as it is. Each change is a line of the
    consent ledger with the words that stood beside the box, and the network address of the browser.

    :raises PreferencesRefused: they have left e-mail as a whole: boxes do not undo that; or they say yes from
        a mail to an address that is not the contact's now
    """
    Contact.objects.select_for_update(no_key=True).get(pk=recipient.contact_id)
    if selectors.recipient_has_left(recipient):
        raise PreferencesRefused(_("You have unsubscribed from everything, and so it stays."))
    changed = 0
    for choice in selectors.preferences(recipient):
        wanted = choice.topic.key in chosen
        if choice.topic.key in shown and wanted != choice.is_on:
            changed += _keep(recipient, choice.topic, wanted=wanted, now=now, network=network)
    return changed


def _keep(recipient: Recipient, topic: Topic, *, wanted: bool, now: datetime, network: str | None) -> int:
    if wanted and recipient.address != recipient.contact.email:
        raise PreferencesRefused(_("This mail went to another address than yours is now. Ask us about it."))
    change = ConsentChange(
        status=ConsentStatus.SUBSCRIBED if wanted else ConsentStatus.UNSUBSCRIBED,
        channel=Channel.EMAIL,
        topic=topic.key,
        basis=BASIS,
        source=_("message %(id)s") % {"id": recipient.message_id},
        wording=f"{topic.name}: {topic.description}" if topic.description else topic.name,
    )
    try:
        event = contacts.consent_record(
            contact=recipient.contact, change=change, by=None, now=now, network=network
        )
    except DomainError as refusal:
        raise PreferencesRefused(_("This address is not written to any more. Ask us about it.")) from refusal
    return int(event is not None)
