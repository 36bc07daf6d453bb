"""Companies, and who belongs to them, by a person or a program."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.contacts.fields import CompanyFields, Name
from apps.contacts.models import Attribute, Company, CompanyIdentity, CompanyMember, Contact
from apps.contacts.services.contacts import (
    ContactGone,
    attributes_change,
    dictionary_add,
    dictionary_of,
    dictionary_room_check,
    fields_stale,
)
from apps.core.errors import DomainError, StaleEdit

COMPANY = Attribute.Subject.COMPANY


class CompanyExists(DomainError):
    """Another company has this domain or identity already; `field` says which."""

    def __init__(self, field: str) -> None:
        sentences = {
            "domain": _("Another company has this domain already."),
            "identities": _("Another company has this identity already."),
        }
        super().__init__(sentences[field])
        self.field = field


class CompanyChanged(StaleEdit):
    """Somebody else has changed what this edit would overwrite; `fields` are the names of it."""

    def __init__(self, fields: Collection[str]) -> None:
        super().__init__(_("Somebody else has changed this company since you opened it."))
        self.fields = sorted(fields)


class AlreadyMember(DomainError):
    pass


def company_create(
    *,
    by: User | None,
    now: datetime,
    name: str,
    domain: str = "",
    identities: Sequence[Name] = (),
    attributes: Mapping[str, object] | None = None,
) -> Company:
    """
    Add one company.

    :raises ValidationError: by field: no name, a bad domain, value or identity
    :raises CompanyExists: another one has this domain or identity
    """
    try:
        with transaction.atomic():
            fields = _fields(name, domain, identities, attributes or {})
            company = Company.objects.create(
                name=fields.name or "",
                domain=fields.domain or "",
                attributes={key: value for key, value in fields.values.items() if value is not None},
            )
            _names_add(company, fields.names, now=now)
            collaboration.audit_record(action="company.created", subject=company, by=by, now=now)
    except IntegrityError as error:
        raise CompanyExists(_taken(error)) from error
    return company


def company_update(
    *,
    company: Company,
    by: User | None,
    now: datetime,
    name: str | None = None,
    domain: str | None = None,
    identities: Sequence[Name] = (),
    attributes: Mapping[str, object] | None = None,
    seen: Mapping[str, str] | None = None,
) -> Company:
    """
    Change what is given, leave the rest: an attribute that is null or blank is taken away.

    `seen` is what the author read before, as text by field (`name`, `domain`, `attributes.KEY`).

    :raises CompanyChanged: it would overwrite what somebody else has changed since it was seen
    :raises ValidationError: by field: a bad name, domain, value or identity
    :raises CompanyExists: another one has this domain or identity
    """
    try:
        with transaction.atomic():
            fields = _fields(name, domain, identities, attributes or {})
            company = Company.objects.select_for_update(no_key=True).get(pk=company.pk)
            stale = fields_stale(company, seen or {})
            changed = _change(company, fields)
            if theirs := stale & set(changed):
                raise CompanyChanged(theirs)
            changed += ["identities"] * _names_add(company, fields.names, now=now)
            if changed:
                company.save()
                collaboration.audit_record(
                    action="company.changed", subject=company, by=by, now=now, details={"fields": changed}
                )
    except IntegrityError as error:
        raise CompanyExists(_taken(error)) from error
    return company


@transaction.atomic
def company_delete(*, company: Company, by: User | None, now: datetime) -> None:
    """Delete a company with its identities and the places of its people, who stay contacts."""
    company = Company.objects.select_for_update().get(pk=company.pk)
    details: dict[str, object] = {"name": company.name, "people": company.members.count()}
    collaboration.audit_record(action="company.deleted", subject=company, by=by, now=now, details=details)
    company.delete()


def member_add(
    *,
    company: Company,
    contact: Contact,
    by: User | None,
    now: datetime,
    role: str = "",
    title: str = "",
    since: date | None = None,
    is_primary: bool = False,
) -> CompanyMember:
    """
    Let a contact belong to a company. As the main one, it takes that place from another.

    :raises ValidationError: by field
    :raises AlreadyMember: the contact belongs to it
    :raises ContactGone: erased or merged
    """
    try:
        with transaction.atomic():
            contact = _living(contact.pk)
            member = CompanyMember(
                company=company,
                contact=contact,
                role=role,
                title=title.strip(),
                since=since,
                is_primary=is_primary,
            )
            member.clean_fields()
            if is_primary:
                _primary_give_up(contact, now=now)
            member.save()
            _audit(member, "company.joined", by=by, now=now)
    except IntegrityError as error:
        raise AlreadyMember(_("This person belongs to the company already.")) from error
    return member


@transaction.atomic
def member_update(
    *, member: CompanyMember, by: User | None, now: datetime, **changes: str | bool | date | None
) -> CompanyMember:
    """
    Change what is given of `role`, `title`, `since` and `is_primary`.

    :raises ValidationError: by field
    :raises ContactGone: erased or merged meanwhile
    """
    # The contact first, as everybody locks the two; it may be another one by now, after a merge.
    whose = CompanyMember.objects.values_list("contact_id", flat=True)
    contact = _living(whose.get(pk=member.pk))
    member = CompanyMember.objects.select_for_update(no_key=True).get(pk=member.pk)
    changed = {name: value for name, value in changes.items() if value != getattr(member, name)}
    for name, value in changed.items():
        setattr(member, name, value)
    member.clean_fields()
    if changed.get("is_primary"):
        _primary_give_up(contact, now=now)
    if changed:
        member.save()
        _audit(member, "company.member_changed", by=by, now=now, fields=sorted(changed))
    return member


@transaction.atomic
def member_remove(*, member: CompanyMember, by: User | None, now: datetime) -> None:
    """Take a contact out of a company; both stay."""
    member = CompanyMember.objects.select_for_update().get(pk=member.pk)
    _audit(member, "company.left", by=by, now=now)
    member.delete()


def _audit(
    member: CompanyMember, action: str, *, by: User | None, now: datetime, fields: Sequence[str] = ()
) -> None:
    """On both pages it is to be read; the person by number alone, for the log outlives them."""
    details: dict[str, object] = {"contact": member.contact_id, "company": member.company_id}
    if fields:
        details["fields"] = list(fields)
    collaboration.audit_record_many(
        action=action, subjects=[member.company, member.contact], by=by, now=now, details=details
    )


def _living(pk: int) -> Contact:
    """Return the contact, locked: a merge waits, and two that want to be the main company take turns."""
    contact = Contact.objects.select_for_update(no_key=True).get(pk=pk)
    if contact.erased_at:
        raise ContactGone(_("This contact was erased or merged in the meantime."))
    return contact


def _primary_give_up(contact: Contact, *, now: datetime) -> None:
    contact.memberships.filter(is_primary=True).update(is_primary=False, updated_at=now)


def _fields(
    name: str | None, domain: str | None, identities: Sequence[Name], attributes: Mapping[str, object]
) -> CompanyFields:
    """Return what was given, each key of it in the dictionary by now; in the caller's transaction."""
    fields = CompanyFields(
        name=name,
        domain=domain,
        identities=identities,
        attributes=attributes,
        dictionary=dictionary_of(attributes, COMPANY),
    )
    if not fields.unknown:
        return fields
    # Somebody else may have been faster, with another type: what stands now is what the values have to fit.
    dictionary_room_check(fields.unknown, COMPANY)
    dictionary_add(fields.unknown, COMPANY)
    return _fields(name, domain, identities, attributes)


def _change(company: Company, fields: CompanyFields) -> list[str]:
    """Set what differs on the company, and return the names of it."""
    changed = []
    for field in ("name", "domain"):
        told = getattr(fields, field)
        if told is not None and told != getattr(company, field):
            setattr(company, field, told)
            changed.append(field)
    return changed + attributes_change(company, fields.values)


def _names_add(company: Company, names: Sequence[Name], *, now: datetime) -> bool:
    """
    Write the names that are new, and say whether there were any.

    :raises IntegrityError: one of them is another company's
    """
    known = set(company.identities.values_list("namespace", "value"))
    made = CompanyIdentity.objects.bulk_create(
        CompanyIdentity(company=company, namespace=namespace, value=value, created_at=now)
        for namespace, value in sorted(set(names) - known)
    )
    return bool(made)


def _taken(error: IntegrityError) -> str:
    return "domain" if "contacts_company_domain_once" in str(error) else "identities"
