"""Names by which a contact is known: one more, or two that turn out to be of one person."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.contacts import identities, selectors
from apps.contacts.addresses import address_hash, identity_normalise
from apps.contacts.fields import Name
from apps.contacts.models import Contact, Identity
from apps.contacts.services.contacts import ContactExists, ContactGone
from apps.contacts.services.merge import contact_merge


@transaction.atomic
def identity_add(*, contact: Contact, namespace: str, value: str, by: User | None, now: datetime) -> Contact:
    """
    Let the contact be known by one more name, and return who it is then.

    A name that an anonymous contact has brings that contact along: it is merged, into the one that is known.
    A first address becomes the one that is written to.

    :raises AddressInvalid: the name cannot be kept
    :raises ContactExists: it belongs to another known person
    :raises ContactGone: the contact was erased or merged in the meantime
    """
    name = identity_normalise(namespace, value)
    contact = Contact.objects.select_for_update(no_key=True).get(pk=selectors.contact_living(contact).pk)
    if contact.erased_at:
        raise ContactGone(_("This contact was erased or merged in the meantime."))
    # Made or found: of two that give the same name at once, one waits here and finds the other's.
    owner = _owner_or_add(contact, name, now=now)
    if owner == contact.pk:
        _address_fill(contact, name, by=by, now=now)
        return Contact.objects.get(pk=contact.pk)
    other = Contact.objects.get(pk=owner)
    if not selectors.has_anonymous(contact, other):
        raise ContactExists(
            _("This name belongs to another known person. Compare the two; a person can merge them.")
        )
    keep, gone = (other, contact) if selectors.has_anonymous(contact) else (contact, other)
    contact_merge(keep=keep, gone=gone, by=by, now=now)
    return Contact.objects.get(pk=keep.pk)


@transaction.atomic
def identity_alias(*, previous: Name, current: Name, by: User | None, now: datetime) -> Contact:
    """
    Take two names for those of one contact, who is made where nobody has either; return who it is.

    :raises AddressInvalid: a name cannot be kept
    :raises ContactExists: they belong to two known people
    """
    previous, current = identity_normalise(*previous), identity_normalise(*current)
    known = identities.resolve({previous, current})
    if current not in known and previous in known:
        previous, current = current, previous
    pk = identities.resolve_or_create({current}, now=now)[current]
    contact = Contact.objects.get(pk=pk)
    return identity_add(contact=contact, namespace=previous[0], value=previous[1], by=by, now=now)


def _owner_or_add(contact: Contact, name: Name, *, now: datetime) -> int:
    namespace, value = name
    identity = Identity(contact=contact, namespace=namespace, value=value, created_at=now)
    Identity.objects.bulk_create([identity], ignore_conflicts=True)
    return Identity.objects.get(namespace=namespace, value=value).contact_id


def _address_fill(contact: Contact, name: Name, *, by: User | None, now: datetime) -> None:
    contact = Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
    namespace, value = name
    details: dict[str, object] = {"fields": ["identities"], "namespace": namespace}
    if namespace == Identity.EMAIL and not contact.email:
        contact.email, contact.email_hash = value, address_hash(value)
        contact.save(update_fields=["email", "email_hash", "updated_at"])
    collaboration.audit_record(action="contact.changed", subject=contact, by=by, now=now, details=details)
