"""The list of companies, the people of one, what they did, and the companies of a contact."""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from django.db import connection
from django.db.models import Exists, IntegerField, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.contacts.models import (
    Attribute,
    Company,
    CompanyIdentity,
    CompanyMember,
    CompanyMemberQuerySet,
    Contact,
)
from apps.contacts.registries import TimelineEntry
from apps.contacts.selectors.eventtypes import event_labels
from apps.contacts.selectors.history import properties_shown
from apps.contacts.selectors.people import Condition, ProfileAttribute, condition_holds

COUNTED = 1_000  # people of a company; beyond that it is "more than"
WATCHED = 100  # people of a company whose events its page shows
SHOWN = 50
_PEOPLE = f"""(
    SELECT count(*) FROM (
        SELECT FROM contacts_companymember AS m JOIN contacts_contact AS c ON c.id = m.contact_id
        WHERE m.company_id = "contacts_company"."id" AND c.erased_at IS NULL LIMIT {COUNTED + 1}
    ) AS few
)"""  # noqa: S608  # nothing from outside
# Each one's latest by the index of the timeline, then the latest of those: as much work for people with many
# events as for people with few.
_EVENTS = """
    WITH people AS MATERIALIZED (
        SELECT m.contact_id FROM contacts_companymember AS m JOIN contacts_contact AS c ON c.id = m.contact_id
        WHERE m.company_id = %(company)s AND c.erased_at IS NULL ORDER BY m.id DESC LIMIT %(watched)s
    )
    SELECT e.occurred_at, e.name, e.properties::text, e.contact_id FROM people
    CROSS JOIN LATERAL (
        SELECT occurred_at, name, properties, contact_id, id FROM contacts_event
        WHERE contact_id = people.contact_id ORDER BY occurred_at DESC LIMIT %(shown)s
    ) AS e
    ORDER BY e.occurred_at DESC, e.id DESC LIMIT %(shown)s
"""


@dataclass(frozen=True)
class CompanyAsk:
    """What the list is narrowed to; the defaults are all companies."""

    search: str = ""  # the beginning of a name or domain, or an identity such as crm:4711
    conditions: Sequence[Condition] = ()
    has_people: bool | None = None
    role: str = ""  # somebody has it there


def companies(ask: CompanyAsk) -> QuerySet[Company]:
    """
    Return the companies that fit, not yet ordered; read them by page.

    :raises AttributeInvalid: a condition's value does not fit the attribute's type
    """
    found = Company.objects.all()
    if ask.search:
        found = found.filter(_searched(ask.search))
    for condition in ask.conditions:
        found = found.filter(condition_holds(condition))
    people = CompanyMember.objects.living().filter(company=OuterRef("pk"))
    if ask.has_people is not None:
        found = found.filter(Exists(people) if ask.has_people else ~Exists(people))
    if ask.role:
        found = found.filter(Exists(people.filter(role=ask.role)))
    return found


def companies_with_people(found: QuerySet[Company]) -> QuerySet[Company]:
    """Add `people`: how many belong to each, counted up to one more than `COUNTED`."""
    return found.annotate(people=RawSQL(_PEOPLE, [], output_field=IntegerField()))  # noqa: S611  # ours


def companies_found(*, namespace: str, value: str) -> QuerySet[Company]:
    """Return the one company that has this identity or, as `domain`, this domain; or none."""
    if namespace == "domain":
        return Company.objects.filter(domain=value.strip().lower())
    named = CompanyIdentity.objects.filter(namespace=namespace.strip().lower(), value=value.strip())
    return Company.objects.filter(pk__in=named.values("company"))


def _searched(text: str) -> Q:
    namespace, colon, value = text.partition(":")
    if colon:
        return Q(pk__in=companies_found(namespace=namespace, value=value).values("pk"))
    return Q(name__istartswith=text) | Q(domain__startswith=text.lower())


@dataclass(frozen=True)
class CompanyProfile:
    """What stands on the page of a company besides its people. A fixed number of queries."""

    identities: Sequence[CompanyIdentity]
    attributes: Sequence[ProfileAttribute]


def company_profile(company: Company) -> CompanyProfile:
    dictionary = {entry.key: entry for entry in Attribute.of_companies.select_related("owner")}
    told = [ProfileAttribute(key, value, dictionary.get(key)) for key, value in company.attributes.items()]
    return CompanyProfile(
        identities=list(company.identities.order_by("namespace", "value")),
        attributes=sorted(told, key=lambda one: one.entry.label.casefold() if one.entry else one.key),
    )


def company_people_count(company: Company) -> int:
    """Return how many people belong to the company, up to one more than `COUNTED`."""
    return CompanyMember.objects.living().filter(company=company)[: COUNTED + 1].count()


def company_people(company: Company) -> CompanyMemberQuerySet:
    """Return who belongs to the company, with their contacts; read by page."""
    return CompanyMember.objects.living().filter(company=company).select_related("contact")


def company_timeline(company: Company) -> list[TimelineEntry]:
    """Return the latest events of the people who came last, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_EVENTS, {"company": company.pk, "watched": WATCHED, "shown": SHOWN})
        rows = cursor.fetchall()
    people = Contact.objects.in_bulk({contact for *_event, contact in rows})
    labels = event_labels() if rows else {}
    return [
        TimelineEntry(
            at=at,
            text=labels.get(name, name),
            kind="event",
            icon="bolt",
            tone="info",
            detail=properties_shown(orjson.loads(properties)),
            url=reverse("contacts:detail", args=[contact]),
            by=people[contact].email or people[contact].phone or _("Contact %(n)s") % {"n": contact},
        )
        for at, name, properties, contact in rows
    ]


def contact_companies(contact: Contact) -> list[CompanyMember]:
    """Return the companies of a contact, the main one first."""
    found = contact.memberships.select_related("company").order_by("-is_primary", "company__name", "pk")
    return list(found[:SHOWN])
