"""One contact at a time, by a person or a program."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.contacts import attributes as keys
from apps.contacts.addresses import address_hash
from apps.contacts.consents import ConsentChange
from apps.contacts.fields import ContactFields, Name
from apps.contacts.models import Attribute, Channel, ConsentStatus, Contact, Identity
from apps.contacts.services.confirmations import confirmation_request
from apps.contacts.services.consent import consent_record
from apps.core.errors import DomainError


class ContactExists(DomainError):
    """Another contact has this address or identity already."""


def contact_create(
    *,
    by: User | None,
    now: datetime,
    email: str = "",
    phone: str = "",
    identities: Sequence[Name] = (),
    attributes: Mapping[str, object] | None = None,
    consent: ConsentChange | None = None,
) -> Contact:
    """
    Add one contact, known by its address and the other identities.

    :raises ValidationError: by field: a bad address, value or identity, or nothing to know the contact by
    :raises ContactExists: an identity belongs to somebody already
    :raises ConsentRefused: see `consent_record` and `confirmation_request`
    """
    fields = _fields(email, phone, identities, attributes or {})
    if not fields.names:
        raise ValidationError({"email": _("Give an e-mail address or another identity.")})
    try:
        with transaction.atomic():
            dictionary_add(fields.unknown)
            contact = Contact.objects.create(
                email=fields.email,
                email_hash=address_hash(fields.email) if fields.email else None,
                phone=fields.phone,
                attributes={key: value for key, value in fields.values.items() if value is not None},
            )
            _names_add(contact, fields.names, now=now)
            collaboration.audit_record(action="contact.created", subject=contact, by=by, now=now)
            if consent is not None:
                _consent(contact, consent, by=by, now=now)
    except IntegrityError as error:
        raise ContactExists(_("Another contact has this address or identity already.")) from error
    return contact


def contact_update(
    *,
    contact: Contact,
    by: User | None,
    now: datetime,
    email: str | None = None,
    phone: str | None = None,
    identities: Sequence[Name] = (),
    attributes: Mapping[str, object] | None = None,
    consent: ConsentChange | None = None,
) -> Contact:
    """
    Change what is given, leave the rest: an attribute that is null or blank is taken away.

    A new address becomes one more identity; the old one still leads to the same contact.

    :raises ValidationError: by field: a bad address, value or identity
    :raises ContactExists: an identity belongs to somebody else
    :raises ConsentRefused: see `consent_record` and `confirmation_request`
    """
    fields = _fields(email or "", phone or "", identities, attributes or {})
    try:
        with transaction.atomic():
            dictionary_add(fields.unknown)
            contact = Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
            changed = _change(contact, fields, email=email, phone=phone)
            _names_add(contact, fields.names, now=now)
            if changed:
                contact.save()
                collaboration.audit_record(
                    action="contact.changed", subject=contact, by=by, now=now, details={"fields": changed}
                )
            if consent is not None:
                _consent(contact, consent, by=by, now=now)
    except IntegrityError as error:
        raise ContactExists(_("Another contact has this address or identity already.")) from error
    return contact


def _consent(contact: Contact, change: ConsentChange, *, by: User | None, now: datetime) -> None:
    """Write down what they said; “pending” for e-mail means that they are asked now."""
    if change.status == ConsentStatus.PENDING and change.channel == Channel.EMAIL:
        confirmation_request(contact=contact, change=change, by=by, now=now)
    else:
        consent_record(contact=contact, change=change, by=by, now=now)


def _fields(
    email: str, phone: str, identities: Sequence[Name], attributes: Mapping[str, object]
) -> ContactFields:
    known = Attribute.objects.in_bulk(list(attributes), field_name="key") if attributes else {}
    return ContactFields(
        email=email, phone=phone, identities=identities, attributes=attributes, dictionary=known
    )


def dictionary_add(unknown: Mapping[str, str]) -> None:
    """Add keys that arrived before anybody described them, to be adopted later."""
    if unknown:
        Attribute.objects.bulk_create(
            [
                Attribute(key=key, label=keys.label_suggest(key), type=kind, is_defined=False)
                for key, kind in sorted(unknown.items())
            ],
            ignore_conflicts=True,
        )


def _change(contact: Contact, fields: ContactFields, *, email: str | None, phone: str | None) -> list[str]:
    """Set what differs on the contact, and return the names of it: never the values, which are personal."""
    changed = []
    if email is not None and fields.email != contact.email:
        contact.email = fields.email
        contact.email_hash = address_hash(fields.email) if fields.email else None
        changed.append("email")
    if phone is not None and fields.phone != contact.phone:
        contact.phone = fields.phone
        changed.append("phone")
    for key, value in fields.values.items():
        if contact.attributes.get(key) != value:
            changed.append(f"attributes.{key}")
            if value is None:
                contact.attributes.pop(key)
            else:
                contact.attributes[key] = value
    return changed


def _names_add(contact: Contact, names: Sequence[Name], *, now: datetime) -> None:
    """:raises IntegrityError: one of them is somebody else's"""
    known = set(contact.identities.values_list("namespace", "value"))
    Identity.objects.bulk_create(
        Identity(contact=contact, namespace=namespace, value=value, created_at=now)
        for namespace, value in sorted(set(names) - known)
    )
