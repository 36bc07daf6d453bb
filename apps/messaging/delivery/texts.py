"""From a launched message by SMS and what is known of a contact to the text for that contact."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from django.utils.translation import gettext as _

from apps.content.rendering import Part, RenderFault, TemplateFault, render_data
from apps.content.rendering.language import PLAIN, parse
from apps.content.rendering.program import Program
from apps.messaging.addresses import CONTROL
from apps.messaging.delivery.composer import Composer, Kept, NotComposable, composer_for
from apps.messaging.delivery.mail import Mail
from apps.messaging.models import Message
from apps.messaging.smstext import MOST
from apps.messaging.tokens import Purpose, recipient_bytes, token_maker


class TextComposer:
    """Builds the texts of one message: its Liquid compiled once."""

    def __init__(self, message: Message) -> None:
        """:raises TemplateFault: what was written is no Liquid"""
        self._message = message
        self._program = text_program(message.text)
        self._sign = token_maker(Purpose.MAIL)

    def compose(self, recipient_id: int, contact: Mapping[str, object], *, at: datetime) -> Mail:
        """
        Build the text of one recipient; `content` is plain UTF-8, `mail_id` its signed name.

        :raises NotComposable: it fails on this contact's data, is empty or too long
        """
        assert self._message.sender
        try:
            data = self._data(contact)
            text = self._program.render(data).strip()
        except RenderFault as fault:
            told = _("The text fails on this contact's data: %(fault)s") % {"fault": fault}
            raise NotComposable(told) from fault
        if not text or len(text) > MOST:
            told = _("With this contact's data the text is empty, or longer than %(n)s characters.")
            raise NotComposable(told % {"n": MOST})
        number = str(contact["phone"])
        if CONTROL.search(number):
            raise NotComposable(_("This is no telephone number."))
        return Mail(
            id=recipient_id,
            sender=self._message.sender.phone,
            recipient=number,
            mail_id=self._sign(recipient_bytes(recipient_id)),
            content=text.encode("utf-8", "replace"),
            data=data,
        )

    def of(self, variant: int | None) -> "TextComposer":
        """Return what builds the texts of a variant: only mails have any."""
        return self

    def preview(self, contact: Mapping[str, object]) -> str:
        """
        Return the text as `contact` would get it.

        :raises RenderFault: it fails on this contact's data
        """
        return self._program.render(self._data(contact)).strip()

    def _data(self, contact: Mapping[str, object]) -> dict[str, object]:
        return render_data(contact, campaign=self._message.campaign.name, message=self._message.name)


def text_program(text: str) -> Program:
    """:raises TemplateFault: it is no Liquid, or does what no message may"""
    return Program(parse(text.replace("\r\n", "\n"), Part.TEXT, PLAIN))


def composer_of(message: Message) -> Composer | TextComposer:
    """
    Return what builds a message's mails, or its texts.

    :raises NotComposable: none of this message can be built, whoever it is for
    """
    if not message.is_text:
        return composer_for(message)
    return _composer(Kept(message))


@lru_cache(maxsize=16)
def _composer(kept: Kept) -> TextComposer:
    try:
        return TextComposer(kept.message)
    except TemplateFault as fault:
        told = _("The text cannot be read: %(fault)s") % {"fault": fault}
        raise NotComposable(told) from fault
