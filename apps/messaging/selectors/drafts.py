"""What a draft would be if it were sent now."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Prefetch, prefetch_related_objects

from apps.contacts import selectors as contacts
from apps.contacts.models import Channel, Contact, ContactQuerySet
from apps.contacts.models.contact import ADDRESS_FIELDS
from apps.content.models import TemplateVersion
from apps.messaging.audience import audience, choice_of
from apps.messaging.models import Experiment, Message, Variant
from apps.segments.rules import RuleInvalid

NOBODY: dict[str, object] = {"id": 0, "email": "reader@example.com", "phone": "+441632960123"}


def drafts_read(drafts: Sequence[Message]) -> None:
    """Read what is asked of drafts before a launch, in a fixed number of queries however many they are."""
    experiments = Prefetch("experiment", Experiment.objects.select_related("decided_by"))
    wanted = ("template__current", "segments", "exclude_segments", experiments, variants_read())
    prefetch_related_objects(drafts, *wanted)


def variants_read() -> "Prefetch[str]":
    """Return what reads the variants of messages, the control first, with what each would send."""
    return Prefetch("experiment__variants", Variant.objects.worded())


def draft_variants(message: Message) -> list[Variant]:
    """Return what `drafts_read` has read of its variants, the control first; nothing if it tries none out."""
    experiment: Experiment | None = getattr(message, "experiment", None)
    return list(experiment.variants.all()) if experiment else []


def message_version(message: Message) -> TemplateVersion | None:
    """Return the template's version that was or would be sent; None while there is nothing to send."""
    if message.template_version:
        return message.template_version
    return message.template.current if message.template else None


def preview_contact(message: Message, *, address: str, now: datetime) -> Contact | None:
    """Return the contact whose address begins so; without one, somebody whom the message is for."""
    if address:
        found = Contact.objects.known().filter(email__startswith=address.strip().lower())
        return found.order_by("email").first()
    try:
        return reader_of(audience(choice_of(message), now=now), message.way)
    except RuleInvalid:
        return None


def reader_of(people: ContactQuerySet, way: Channel) -> Contact | None:
    """Return somebody of these who can be written to this way: whose data a preview is filled in with."""
    return people.exclude(**{ADDRESS_FIELDS[way][0]: ""}).first()


def contact_data(contact: Contact | None) -> dict[str, object]:
    """Return what a mail is filled in with; of nobody, only an address."""
    if contact is None:
        return NOBODY
    return NOBODY if contact.erased_at else contacts.contact_as_data(contact)
