"""From a launched message and what is known of a contact to the mail for that contact."""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property, lru_cache
from secrets import token_hex
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from apps.content.models import TemplateVersion
from apps.content.rendering import CompiledEmail, Rendered, RenderFault, TemplateFault
from apps.content.selectors import version_email
from apps.core.secrets import SecretLost
from apps.messaging.addresses import AddressNotUsable, address_make, own_address
from apps.messaging.delivery import mime
from apps.messaging.delivery.envelope import Envelope, envelope_of
from apps.messaging.delivery.mail import Mail
from apps.messaging.models import Message, Sender
from apps.messaging.selectors import domain_of, variant_version, variants
from apps.messaging.tokens import Purpose, link_bytes, recipient_bytes, token_maker

ADDRESSES = {
    "unsubscribe_url": ("u", Purpose.UNSUBSCRIBE),
    "view_url": ("view", Purpose.VIEW),
    "preferences_url": ("p", Purpose.PREFERENCES),
}


class NotComposable(Exception):
    """This mail cannot be built for this contact. The text says why, for people."""


class Composer:
    """Builds the mails of one message: its template compiled once, its headers encoded once."""

    def __init__(self, message: Message, version: TemplateVersion, *, first_link: int = 0) -> None:
        self._message = message
        self._email: CompiledEmail = version_email(version)
        self._links = [link_bytes(first_link + link.position) for link in self._email.links]
        self._variants: dict[int, Composer] = {}
        # Looked up once: an enumeration takes as long to find in a dict as a token to make.
        self._sign_mail, self._sign_leave = token_maker(Purpose.MAIL), token_maker(Purpose.UNSUBSCRIBE)
        self._sign_open, self._sign_click = token_maker(Purpose.OPEN), token_maker(Purpose.CLICK)
        self._addresses = {
            name: (path, token_maker(purpose))
            for name, (path, purpose) in ADDRESSES.items()
            if name in self._email.addresses
        }
        self._shared = {"campaign": {"name": message.campaign.name}, "message": {"name": message.name}}
        self._is_tracked = message.is_tracked
        self._skeleton: mime.Skeleton | None = None

    @cached_property
    def _sealed(self) -> tuple[Envelope, str]:
        """What the mails go out in, and why there is no such thing: a preview does without."""
        return _envelope_or_fault(self._message)

    @cached_property
    def _envelope(self) -> Envelope:
        return self._sealed[0]

    @cached_property
    def _base(self) -> str:
        return self._envelope.links or settings.TRACKING_BASE_URL

    def of(self, variant: int | None) -> "Composer":
        """Return what builds the mails of a variant of the message's experiment; None: of the message."""
        return self._variants[variant] if variant is not None else self

    def variants_add(self) -> None:
        """
        Compile the variants of the message's experiment beside it, once.

        :raises TemplateFault: one of them cannot be read
        """
        for variant in variants(self._message):
            version = variant_version(variant, self._message)
            if version is not None:
                composer = Composer(self._message, version, first_link=variant.first_link)
                self._variants[variant.number] = composer

    def skeleton(self) -> mime.Skeleton:
        """
        Return what all mails of this message share. Made when it is first asked for: a preview does without.

        :raises NotComposable: no mail can come from this sender
        """
        if self._skeleton is None:
            self._skeleton = self._skeleton_make()
            for composer in self._variants.values():
                composer.skeleton()
        return self._skeleton

    def _skeleton_make(self) -> mime.Skeleton:
        message, sender = self._message, self._message.sender
        if sender is None:
            raise NotComposable(_("No sender is chosen."))
        if why := self._sealed[1]:
            raise NotComposable(why)
        try:
            address = own_address(sender.email)
            reply_to = own_address(sender.reply_to) if sender.reply_to else None
        except AddressNotUsable as fault:
            raise NotComposable(_unusable(sender)) from fault
        return mime.Skeleton(
            sender_name=sender.name,
            sender=address,
            reply_to=reply_to,
            list_id=f"campaign-{message.campaign_id}.{urlsplit(settings.BASE_URL).hostname}",
            feedback_id=f"{message.pk}:{message.campaign_id}:bookend:{address.domain}",
            boundary=f"=_{token_hex(12)}",
        )

    def compose(self, recipient_id: int, contact: Mapping[str, object], *, at: datetime) -> Mail:
        """
        Build the mail of one recipient; `contact` as in `contacts_as_data`.

        :raises NotComposable: the template fails on this contact's data, or an address is none
        """
        ids = recipient_bytes(recipient_id)
        try:
            address = address_make(str(contact["email"]))
            filled = self._fill(ids, contact, is_mail=True)
        except AddressNotUsable:
            raise NotComposable(_("No mail server would take this address.")) from None
        except RenderFault as fault:
            told = _("The template fails on this contact's data: %(fault)s") % {"fault": fault}
            raise NotComposable(told) from fault
        unsubscribe = self._sign_leave(ids)
        mail_id = f"{self._sign_mail(ids)}@{self.skeleton().sender.domain}"
        returns_to = self._envelope.mail_from(recipient_id)
        person = mime.Person(
            address=address,
            mail_id=mail_id,
            subject=filled.subject,
            text=filled.text_pieces,
            html=filled.html_pieces,
            unsubscribe_url=f"{self._base}/u/{unsubscribe}",
            unsubscribe_subject=f"unsubscribe%20{unsubscribe}",
            returns_to=returns_to,
        )
        return Mail(
            id=recipient_id,
            sender=returns_to or self.skeleton().sender.text,
            recipient=address.text,
            mail_id=mail_id,
            content=self._envelope.sign(self.skeleton().fill(person, at=at), at=at),
            needs_utf8=address.needs_utf8,
            data={"contact": contact, **self._shared},
        )

    def compose_test(
        self, pk: int, contact: Mapping[str, object], *, to: str, mark: str, mail_id: str, at: datetime
    ) -> Mail:
        """
        Build the mail as `contact` would get it, for somebody else: marked, and with nothing tracked.

        :raises NotComposable: the template fails on this contact's data, or an address is none
        """
        try:
            address = address_make(to)
            filled = self._email.preview({"contact": contact, **self._shared})
        except (AddressNotUsable, RenderFault) as fault:
            raise NotComposable(_("This cannot be sent: %(fault)s") % {"fault": fault}) from fault
        person = mime.Person(
            address=address,
            mail_id=f"test-{mail_id}@{self.skeleton().sender.domain}",
            subject=f"{mark} {filled.subject}",
            text=filled.text_pieces,
            html=filled.html_pieces,
            unsubscribe_url="",
            unsubscribe_subject="",
        )
        return Mail(
            id=pk,
            sender=self.skeleton().sender.text,
            recipient=address.text,
            mail_id=person.mail_id,
            content=self._envelope.sign(self.skeleton().fill(person, at=at), at=at),
            needs_utf8=address.needs_utf8,
            data={"contact": contact, **self._shared},
        )

    def preview(self, contact: Mapping[str, object]) -> Rendered:
        """
        Return the mail as `contact` would get it, with nothing tracked.

        :raises RenderFault: the template fails on this contact's data
        """
        return self._email.preview({"contact": contact, **self._shared})

    def page(self, recipient_id: int, contact: Mapping[str, object]) -> str:
        """
        Return the mail as a page, for "view in browser": links count clicks, no pixel counts an open.

        :raises RenderFault: the template fails on this contact's data
        """
        return self._fill(recipient_bytes(recipient_id), contact, is_mail=False).html

    def _fill(self, ids: bytes, contact: Mapping[str, object], *, is_mail: bool) -> Rendered:
        data = {"contact": contact, **self._shared}
        counts_opens = is_mail and self._is_tracked
        return self._email.render(
            data,
            link_urls=self._clicks(ids) if self._is_tracked else self._email.destinations(data),
            pixel_url=f"{self._base}/o/{self._sign_open(ids)}.gif" if counts_opens else "",
            unsubscribe_url=self._address("unsubscribe_url", ids),
            view_url=self._address("view_url", ids),
            preferences_url=self._address("preferences_url", ids),
        )

    def _address(self, name: str, ids: bytes) -> str:
        """Return the person's address for what a template may lead to; '' where it does not name it."""
        if name not in self._addresses:
            return ""
        path, sign = self._addresses[name]
        return f"{self._base}/{path}/{sign(ids)}"

    def _clicks(self, ids: bytes) -> list[str]:
        base, sign = f"{self._base}/c/", self._sign_click
        return [base + sign(ids + link) for link in self._links]


def _envelope_or_fault(message: Message) -> tuple[Envelope, str]:
    sender = message.sender
    if sender is None:
        return Envelope(), ""
    try:
        return envelope_of(sender), ""
    except AddressNotUsable:
        return Envelope(), _unusable(sender)
    except SecretLost:
        told = _("The DKIM key of the sender “%(sender)s” cannot be read any more.")
        return Envelope(), told % {"sender": sender.name}


def _unusable(sender: Sender) -> str:
    told = _("Mail servers would not take the address of the sender “%(sender)s”.")
    return told % {"sender": sender.name}


def composer_for(message: Message) -> Composer:
    """
    Return the message's composer; the last few stay compiled for as long as nothing changes.

    :raises NotComposable: no mail of this message can be built, whoever it is for
    """
    assert message.sender
    domain = domain_of(message.sender.email)
    dns = domain and (domain.pk, domain.updated_at, domain.state_of("tracking"))
    return _composer(Kept(message, dns))


class Kept:
    """
    A message as a key of the cache: the same as long as what its mails are made of is.

    All else of a message is fixed at its launch; one that was undone may have been written anew since.
    """

    def __init__(self, message: Message, *more: object) -> None:
        assert message.sender
        self.message = message
        self.key = (message.pk, message.launched_at, message.sender.updated_at, message.campaign.name, *more)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Kept) and other.key == self.key

    def __hash__(self) -> int:
        return hash(self.key)


@lru_cache(maxsize=16)
def _composer(kept: Kept) -> Composer:
    assert kept.message.template_version
    try:
        composer = Composer(kept.message, kept.message.template_version)
        composer.variants_add()
    except TemplateFault as fault:
        told = _("The template cannot be read any more: %(fault)s") % {"fault": fault}
        raise NotComposable(told) from fault
    composer.skeleton()  # fails here, once, and not for one recipient after the other
    return composer
