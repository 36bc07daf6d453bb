"""Mails to be looked at: rendered by the code that sends."""

from dataclasses import dataclass

from apps.contacts.models import Contact
from apps.content.rendering import Rendered, RenderFault, TemplateFault
from apps.messaging import selectors
from apps.messaging.delivery.composer import Composer, NotComposable, composer_for
from apps.messaging.delivery.texts import TextComposer
from apps.messaging.models import Message, Recipient, Variant
from apps.messaging.smstext import TextSize, text_size


def message_preview(
    message: Message, contact: Contact | None, *, variant: Variant | None = None
) -> Rendered | None:
    """Return the mail, or a variant of it, as this contact would get it; None if there is none to show."""
    version = selectors.variant_version(variant, message) if variant else selectors.message_version(message)
    if version is None:
        return None
    try:
        return Composer(message, version).preview(selectors.contact_data(contact))
    except (RenderFault, TemplateFault):  # the subject of a variant is not part of a saved template
        return None


@dataclass(frozen=True)
class TextPreview:
    """A text message as somebody would get it, and what it takes."""

    text: str
    size: TextSize


def text_preview(message: Message, contact: Contact | None) -> TextPreview | None:
    """Return the text as this contact would get it; None if there is none to show."""
    try:
        text = TextComposer(message).preview(selectors.contact_data(contact))
    except (RenderFault, TemplateFault):
        return None
    return TextPreview(text, text_size(text)) if text else None


def recipient_page(recipient: Recipient) -> str | None:
    """Return the mail that somebody got, as a page; None where there is nobody any more to fill it in for."""
    if recipient.contact.erased_at is not None:
        return None
    try:
        composer = composer_for(recipient.message).of(recipient.variant)
        return composer.page(recipient.pk, selectors.contact_data(recipient.contact))
    except (RenderFault, NotComposable):
        return None
