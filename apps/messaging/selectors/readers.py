"""What one reader of a mail is shown."""

from dataclasses import dataclass

from apps.contacts import selectors as contacts
from apps.contacts.models import Channel, Consent, ConsentStatus, Suppression, Topic
from apps.content.rendering import render_url
from apps.messaging.models import Recipient
from apps.messaging.tracked import Destination


def recipient_of_mail(recipient_id: int) -> Recipient | None:
    """
    Return a recipient whose mail may be in somebody's hands, with all that the mail is made of.

    Its contact is who the reader is now: the one that theirs was merged into, where that happened since.
    """
    rows = Recipient.objects.filter(pk=recipient_id, message__template_version__isnull=False)
    found = rows.select_related(
        "contact", "message__sender", "message__campaign", "message__template_version"
    ).first()
    if found is not None:
        found.contact = contacts.contact_living(found.contact)
    return found


def recipient_has_left(recipient: Recipient) -> bool:
    """Test if nothing is sent to the recipient's address any more."""
    suppressed = Suppression.objects.filter(channel=Channel.EMAIL)
    left = Consent.objects.filter(channel=Channel.EMAIL, topic="", status=ConsentStatus.UNSUBSCRIBED)
    return (
        suppressed.filter(address_hash=recipient.contact.email_hash).exists()
        or left.filter(contact=recipient.contact_id).exists()
    )


@dataclass(frozen=True)
class Preference:
    """A topic on the preference page; `is_on`: messages about it reach the reader."""

    topic: Topic
    is_on: bool


def preferences(recipient: Recipient) -> list[Preference]:
    """Return the topics that the reader chooses from, as they stand now. Two queries."""
    said = _email_consents(recipient)
    found = []
    for topic in contacts.topics_public():
        both = {said.get(topic.key), said.get("")}  # as `email_exclusion` weighs them
        is_on = ConsentStatus.SUBSCRIBED in both and ConsentStatus.UNSUBSCRIBED not in both
        found.append(Preference(topic, is_on))
    return found


def gets_untitled(recipient: Recipient) -> bool:
    """Test if e-mails that belong to no topic reach the reader."""
    return _email_consents(recipient).get("") == ConsentStatus.SUBSCRIBED


def _email_consents(recipient: Recipient) -> dict[str, str]:
    found = Consent.objects.filter(contact=recipient.contact_id, channel=Channel.EMAIL)
    return dict(found.values_list("topic", "status"))


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
