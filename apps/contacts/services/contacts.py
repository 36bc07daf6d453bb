"""One contact at a time, by a person or a program."""

from collections.abc import Collection, Mapping, Sequence
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
from apps.contacts.models import Attribute, Channel, Company, ConsentStatus, Contact, Identity
from apps.contacts.services.confirmations import confirmation_request
from apps.contacts.services.consent import consent_record
from apps.contacts.values import Value, value_to_text
from apps.contacts.zones import zone_is_known
from apps.core.errors import DomainError, StaleEdit

Subject = Attribute.Subject


class ContactExists(DomainError):
    """Another contact has this address or identity already."""


class ContactChanged(StaleEdit):
    """Somebody else has changed what this edit would overwrite; `fields` are the names of it."""

    def __init__(self, fields: Collection[str]) -> None:
        super().__init__(_("Somebody else has changed this contact since you opened it."))
        self.fields = sorted(fields)


class ContactGone(DomainError):
    """There is no such contact any more: erased, or merged into another one."""


def contact_create(
    *,
    by: User | None,
    now: datetime,
    email: str = "",
    phone: str = "",
    timezone: str = "",
    identities: Sequence[Name] = (),
    attributes: Mapping[str, object] | None = None,
    consent: ConsentChange | None = None,
) -> Contact:
    """
    Add one contact, known by its address and the other identities.

    :raises ValidationError: by field: a bad address, value or identity, or nothing to know the contact by
    :raises ContactExists: an identity belongs to somebody already
    :raises DictionaryFull: see `dictionary_room_check`; `contact_update` too
    :raises ConsentRefused: see `consent_record` and `confirmation_request`
    """
    try:
        with transaction.atomic():
            zone_check(timezone)
            fields = _fields(email, phone, identities, attributes or {})
            if not fields.names:
                raise ValidationError({"email": _("Give an e-mail address or another identity.")})
            contact = Contact.objects.create(
                email=fields.email,
                email_hash=address_hash(fields.email) if fields.email else None,
                phone=fields.phone,
                phone_hash=address_hash(fields.phone) if fields.phone else None,
                timezone=timezone,
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
    timezone: str | None = None,
    identities: Sequence[Name] = (),
    attributes: Mapping[str, object] | None = None,
    consent: ConsentChange | None = None,
    seen: Mapping[str, str] | None = None,
) -> Contact:
    """
    Change what is given, leave the rest: an attribute that is null or blank is taken away.

    A new address becomes one more identity; the old one still leads to the same contact. `seen` is what the
    author read before, as text by field (`email`, `phone`, `timezone`, `attributes.KEY`).

    :raises ContactChanged: it would overwrite what somebody else has changed since it was seen
    :raises ValidationError: by field: a bad address, value or identity
    :raises ContactExists: an identity belongs to somebody else
    :raises ContactGone: erased or merged in the meantime
    :raises ConsentRefused: see `consent_record` and `confirmation_request`
    """
    try:
        with transaction.atomic():
            zone_check(timezone or "")
            fields = _fields(email or "", phone or "", identities, attributes or {})
            contact = Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
            if contact.erased_at:
                raise ContactGone(_("This contact was erased or merged in the meantime."))
            stale = fields_stale(contact, seen or {})
            changed = _change(contact, fields, email=email, phone=phone, timezone=timezone)
            if theirs := stale & set(changed):
                raise ContactChanged(theirs)
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


def zone_check(timezone: str) -> None:
    """:raises ValidationError: there is no zone of this name"""
    if timezone and not zone_is_known(timezone):
        raise ValidationError({"timezone": _("There is no such time zone.")})


def _consent(contact: Contact, change: ConsentChange, *, by: User | None, now: datetime) -> None:
    """Write down what they said; “pending” for e-mail means that they are asked now."""
    if change.status == ConsentStatus.PENDING and change.channel == Channel.EMAIL:
        confirmation_request(contact=contact, change=change, by=by, now=now)
    else:
        consent_record(contact=contact, change=change, by=by, now=now)


def _fields(
    email: str, phone: str, identities: Sequence[Name], attributes: Mapping[str, object]
) -> ContactFields:
    """Return what was given, each key of it in the dictionary by now; in the caller's transaction."""
    fields = ContactFields(
        email=email,
        phone=phone,
        identities=identities,
        attributes=attributes,
        dictionary=dictionary_of(attributes),
    )
    if not fields.unknown:
        return fields
    # Somebody else may have been faster, with another type: what stands now is what the values have to fit.
    dictionary_room_check(fields.unknown)
    dictionary_add(fields.unknown)
    return _fields(email, phone, identities, attributes)


def dictionary_of(keys_told: Collection[str], subject: str = Subject.CONTACT) -> dict[str, Attribute]:
    """Return the entries of these keys, with those that are being taken away."""
    return Attribute.all_objects.of(subject).by_key(keys_told)


class DictionaryFull(DomainError):
    """Too many keys have come that nobody has described yet."""


def dictionary_room_check(unknown: Mapping[str, str], subject: str = Subject.CONTACT) -> None:
    """:raises DictionaryFull: with these keys there would be more undescribed ones than are kept"""
    if not unknown:
        return
    there = Attribute.current.of(subject).filter(is_defined=False).count()
    if there + len(unknown) > keys.MAX_UNDESCRIBED:
        raise DictionaryFull(
            _("There would be more than %(most)s attributes that nobody has described. Describe them first.")
            % {"most": f"{keys.MAX_UNDESCRIBED:,}"}
        )


def dictionary_add(unknown: Mapping[str, str], subject: str = Subject.CONTACT) -> None:
    """
    Add keys that arrived before anybody described them, to be adopted later.

    Whoever adds one at the same time wins or waits: read the dictionary again before values are written.
    """
    if unknown:
        Attribute.all_objects.bulk_create(dictionary_new(unknown, subject), ignore_conflicts=True)


def dictionary_new(unknown: Mapping[str, str], subject: str = Subject.CONTACT) -> list[Attribute]:
    return [
        Attribute(applies_to=subject, key=key, label=keys.label_suggest(key), type=kind, is_defined=False)
        for key, kind in sorted(unknown.items())
    ]


def field_text(record: Contact | Company, field: str) -> str:
    """Return what a form shows of a field such as `email`, or of `attributes.KEY`."""
    name, _dot, key = field.partition(".")
    return value_to_text(record.attributes.get(key)) if key else str(getattr(record, name))


def fields_stale(record: Contact | Company, seen: Mapping[str, str]) -> set[str]:
    """Return the fields that are no longer as they were seen, white space aside: forms change line ends."""
    return {field for field, text in seen.items() if text.split() != field_text(record, field).split()}


def attributes_change(record: Contact | Company, values: Mapping[str, Value | None]) -> list[str]:
    """Set what differs, None taking a value away; return the names of it."""
    changed = []
    for key, value in values.items():
        if record.attributes.get(key) != value:
            changed.append(f"attributes.{key}")
            if value is None:
                record.attributes.pop(key)
            else:
                record.attributes[key] = value
    return changed


def _change(
    contact: Contact, fields: ContactFields, *, email: str | None, phone: str | None, timezone: str | None
) -> list[str]:
    """Set what differs on the contact, and return the names of it: never the values, which are personal."""
    changed = []
    if email is not None and fields.email != contact.email:
        contact.email = fields.email
        contact.email_hash = address_hash(fields.email) if fields.email else None
        changed.append("email")
    if phone is not None and fields.phone != contact.phone:
        contact.phone = fields.phone
        contact.phone_hash = address_hash(fields.phone) if fields.phone else None
        changed.append("phone")
    if timezone is not None and timezone != contact.timezone:
        contact.timezone = timezone
        changed.append("timezone")
    return changed + attributes_change(contact, fields.values)


def _names_add(contact: Contact, names: Sequence[Name], *, now: datetime) -> None:
    """:raises IntegrityError: one of them is somebody else's"""
    known = set(contact.identities.values_list("namespace", "value"))
    Identity.objects.bulk_create(
        Identity(contact=contact, namespace=namespace, value=value, created_at=now)
        for namespace, value in sorted(set(names) - known)
    )
