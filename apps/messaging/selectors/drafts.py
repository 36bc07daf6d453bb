"""What a draft would be if it were sent now."""

from datetime import datetime

from apps.contacts import selectors as contacts
from apps.contacts.models import Contact
from apps.contacts.models.contact import ADDRESS_FIELDS
from apps.content.models import TemplateVersion
from apps.messaging.audience import audience, choice_of
from apps.messaging.models import Message
from apps.segments.rules import RuleInvalid

NOBODY: dict[str, object] = {"id": 0, "email": "reader@example.com", "phone": "+441632960123"}


def message_version(message: Message) -> TemplateVersion | None:
    """Return the template's version that was or would be sent; None while there is nothing to send."""
    if message.template_version:
        return message.template_version
    return message.template.versions.order_by("-number").first() if message.template else None


def preview_contact(message: Message, *, address: str, now: datetime) -> Contact | None:
    """Return the contact whose address begins so; without one, somebody whom the message is for."""
    if address:
        found = Contact.objects.known().filter(email__startswith=address.strip().lower())
        return found.order_by("email").first()
    try:
        return audience(choice_of(message), now=now).exclude(**{ADDRESS_FIELDS[message.way][0]: ""}).first()
    except RuleInvalid:
        return None


def contact_data(contact: Contact | None) -> dict[str, object]:
    """Return what a mail is filled in with; of nobody, only an address."""
    if contact is None:
        return NOBODY
    return contacts.contacts_as_data([contact.pk]).get(contact.pk, NOBODY)
