"""What one reader of a mail is shown."""

from apps.contacts import selectors as contacts
from apps.contacts.models import Channel, Suppression
from apps.content.rendering import render_url
from apps.messaging.models import Recipient
from apps.messaging.tracked import Destination


def recipient_of_mail(recipient_id: int) -> Recipient | None:
    """Return a recipient whose mail may be in somebody's hands, with all that the mail is made of."""
    found = Recipient.objects.filter(pk=recipient_id, message__template_version__isnull=False)
    return found.select_related(
        "contact", "message__sender", "message__campaign", "message__template_version"
    ).first()


def recipient_has_left(recipient: Recipient) -> bool:
    """Test if nothing is sent to the recipient's address any more."""
    suppressed = Suppression.objects.filter(channel=Channel.EMAIL)
    return suppressed.filter(address_hash=recipient.contact.email_hash).exists()


def destination_url(destination: Destination) -> str:
    """
    Return where a click leads for the one who clicked.

    :raises DestinationRefused: not http(s), once the person's data is in it
    """
    if "{" not in destination.url:
        return render_url(destination.url, {})
    contact = contacts.contacts_as_data([destination.contact_id]).get(destination.contact_id, {})
    data = {
        "contact": contact,
        "campaign": {"name": destination.campaign},
        "message": {"name": destination.message},
    }
    return render_url(destination.url, data)
