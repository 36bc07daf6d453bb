"""The statements that find companies by what they are called, and write many. Services call these."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from apps.contacts.fields import CompanyFields, Name
from apps.contacts.models import Company, CompanyIdentity

DOMAIN = "domain"  # stands here for a namespace: a domain is a name too

_RESOLVE = """
    SELECT i.namespace, i.value, i.company_id FROM contacts_companyidentity AS i
    JOIN unnest(%s::text[], %s::text[]) AS wanted(namespace, value) USING (namespace, value)
    UNION ALL
    SELECT 'domain', domain, id FROM contacts_company WHERE domain <> '' AND domain = ANY(%s)
"""
_JOIN = """
    INSERT INTO contacts_companymember (contact_id, company_id, source, created_at, updated_at)
    SELECT contact_id, company_id, %s, %s, %s
    FROM (SELECT DISTINCT * FROM unnest(%s::bigint[], %s::bigint[]) AS t(contact_id, company_id)) AS told
    ORDER BY contact_id, company_id
    ON CONFLICT (contact_id, company_id) DO NOTHING
"""


def names_of(fields: CompanyFields) -> list[Name]:
    """Return every name that is given, the domain among them."""
    return [*fields.names, *([(DOMAIN, fields.domain)] if fields.domain else [])]


def resolve(names: Iterable[Name]) -> dict[Name, int]:
    """Return the company of each name that is known, in one query."""
    wanted = sorted(set(names))
    if not wanted:
        return {}
    others = [(namespace, value) for namespace, value in wanted if namespace != DOMAIN]
    with connection.cursor() as cursor:
        cursor.execute(
            _RESOLVE,
            [
                [namespace for namespace, _value in others],
                [value for _namespace, value in others],
                [value for namespace, value in wanted if namespace == DOMAIN],
            ],
        )
        return {(namespace, value): company for namespace, value, company in cursor.fetchall()}


def locked(ids: Collection[int]) -> dict[int, Company]:
    """Return these companies, locked in the order of their numbers."""
    return Company.objects.select_for_update(no_key=True).order_by("pk").in_bulk(ids) if ids else {}


@dataclass
class Draft:
    """One company as it will be, not written yet; `names` are the identities that it does not have."""

    company: Company
    is_new: bool
    names: list[Name] = field(default_factory=list)
    is_changed: bool = False

    def tell(self, fields: CompanyFields, *, keeps_domain: bool = False) -> None:
        """Take over what is said, without the domain on `keeps_domain`; what is blank is left as it is."""
        company = self.company
        before = (company.name, company.domain, company.attributes)
        company.name = fields.name or company.name
        company.domain = company.domain if keeps_domain else fields.domain or company.domain
        told = {key: value for key, value in fields.values.items() if value is not None}
        company.attributes = {**company.attributes, **told}
        after = (company.name, company.domain, company.attributes)
        self.is_changed = self.is_changed or bool(self.names) or before != after


def save(drafts: Collection[Draft], *, now: datetime) -> None:
    """
    Write what is new or changed, in a few statements.

    :raises IntegrityError: somebody else has given one of the names away since they were looked up
    """
    # In one order: of two calls that bring the same names, one waits for the other, and none in a circle.
    new = [draft.company for draft in drafts if draft.is_new]
    Company.objects.bulk_create(sorted(new, key=lambda company: company.domain))
    changed = [draft.company for draft in drafts if draft.is_changed and not draft.is_new]
    for company in changed:
        company.updated_at = now
    Company.objects.bulk_update(changed, ["name", "domain", "attributes", "updated_at"], batch_size=500)
    identities = [
        CompanyIdentity(company=draft.company, namespace=namespace, value=value, created_at=now)
        for draft in drafts
        for namespace, value in draft.names
    ]
    CompanyIdentity.objects.bulk_create(sorted(identities, key=lambda one: (one.namespace, one.value)))


def join(pairs: Collection[tuple[int, int]], *, source: str, now: datetime) -> None:
    """Let contacts belong to companies, (contact, company); who does already is left as they are."""
    if not pairs:
        return
    ordered = sorted(pairs)
    contacts, companies = [contact for contact, _ in ordered], [company for _, company in ordered]
    with connection.cursor() as cursor:
        cursor.execute(_JOIN, [source[:64], now, now, contacts, companies])
