"""The rows of an export, batch by batch: memory is that of one batch, however many there are."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from apps.contacts.models import (
    Channel,
    Company,
    CompanyIdentity,
    CompanyMember,
    Consent,
    Contact,
    Event,
    Identity,
    Suppression,
)
from apps.exports.asks import Terms, contacts_asked, events_asked, events_bounds
from apps.exports.columns import Column
from apps.exports.models import Kind

Row = list[Any]
Batch = list[Row]
BATCH = 2_000


class Arrived(NamedTuple):
    """From when, None for ever, to just before when something has come in."""

    start: datetime | None
    end: datetime


def rows_count(kind: str, terms: Terms, *, now: datetime) -> int | None:
    """Return how many rows there will be; None for events, whose count would cost as much as they do."""
    if kind == Kind.COMPANIES:
        return Company.objects.count()
    return contacts_asked(terms, now=now).count() if kind == Kind.CONTACTS else None


def batches(
    kind: str, terms: Terms, columns: Sequence[Column], *, now: datetime, arrived: Arrived | None = None
) -> Iterator[Batch]:
    """
    Yield the rows, values as JSON has them: numbers, booleans, lists of text; times as text in UTC.

    `arrived` leaves of events only those that have come in this period.
    """
    if kind == Kind.EVENTS:
        return _events(terms, [column.name for column in columns], now, arrived)
    read = {Kind.CONTACTS: _contacts, Kind.COMPANIES: _companies}[Kind(kind)]
    return read(terms, [column.name for column in columns], now)


def _contacts(terms: Terms, names: Sequence[str], now: datetime) -> Iterator[Batch]:
    # The numbers come from a cursor that is held open, so who is in the file is settled at one moment; what
    # is known of them is read batch by batch, so nobody who was erased meanwhile is written.
    numbers = contacts_asked(terms, now=now).order_by("pk").values_list("pk", flat=True)
    batch: list[int] = []
    for number in numbers.iterator(chunk_size=10 * BATCH):
        batch.append(number)
        if len(batch) == BATCH:
            yield _contacts_read(batch, names)
            batch = []
    if batch:
        yield _contacts_read(batch, names)


def _contacts_read(numbers: Sequence[int], names: Sequence[str]) -> Batch:
    found = Contact.objects.known().filter(pk__in=numbers).order_by("pk")
    if "contact:suppressed" in names:
        gone = Suppression.objects.filter(channel=Channel.EMAIL, address_hash=OuterRef("email_hash"))
        found = found.annotate(is_suppressed=Exists(gone))
    asked = {_kind(name) for name in names}
    known = _Known(
        identities=_identities(numbers) if "identity" in asked else {},
        everything=_identities_all(numbers) if "contact:identities" in names else {},
        consents=_consents(numbers) if "consent" in asked else {},
    )
    read = [_reader(name, known) for name in names]
    return [[value(contact) for value in read] for contact in found]


@dataclass(frozen=True)
class _Known:
    """What other tables say about the contacts of a batch."""

    identities: dict[tuple[int, str], str]
    everything: dict[int, list[str]]
    consents: dict[tuple[int, str, str], str]


def _reader(name: str, known: _Known) -> Callable[[Any], Any]:
    """Return what reads this column of a contact; found once per batch, since there are millions of cells."""
    kind, _colon, rest = name.partition(":")
    match kind:
        case "attr":
            return lambda contact: contact.attributes.get(rest)
        case "identity":
            return lambda contact: known.identities.get((contact.pk, rest))
        case "consent":
            channel, _colon, topic = rest.partition(":")
            return lambda contact: known.consents.get((contact.pk, channel, topic))
    if name == "contact:identities":
        return lambda contact: known.everything.get(contact.pk, [])
    return _OF_CONTACT[name]


def moment(at: datetime) -> str:
    """Return a time as attributes keep theirs."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


_OF_CONTACT: dict[str, Callable[[Any], Any]] = {
    "email": lambda contact: contact.email,
    "phone": lambda contact: contact.phone,
    "contact:suppressed": lambda contact: contact.is_suppressed,
    "contact:timezone": lambda contact: contact.timezone,
    "contact:id": lambda contact: contact.pk,
    "contact:created_at": lambda contact: moment(contact.created_at),
    "contact:updated_at": lambda contact: moment(contact.updated_at),
}


def _kind(name: str) -> str:
    return name.partition(":")[0]


def _identities(numbers: Sequence[int]) -> dict[tuple[int, str], str]:
    """Return the oldest identity of each namespace: one cell holds one name."""
    found: dict[tuple[int, str], str] = {}
    rows = Identity.objects.filter(contact__in=numbers).order_by("pk")
    for contact, namespace, value in rows.values_list("contact", "namespace", "value"):
        found.setdefault((contact, namespace), value)
    return found


def _identities_all(numbers: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    rows = Identity.objects.filter(contact__in=numbers).order_by("pk")
    for contact, namespace, value in rows.values_list("contact", "namespace", "value"):
        found.setdefault(contact, []).append(f"{namespace}:{value}")
    return found


def _consents(numbers: Sequence[int]) -> dict[tuple[int, str, str], str]:
    rows = Consent.objects.filter(contact__in=numbers)
    return {
        (contact, channel, topic): status
        for contact, channel, topic, status in rows.values_list("contact", "channel", "topic", "status")
    }


def _companies(terms: Terms, names: Sequence[str], now: datetime) -> Iterator[Batch]:
    """Yield companies by their numbers; each batch goes on where the last one ended."""
    last = 0
    while True:
        found = Company.objects.filter(pk__gt=last, created_at__lte=now).order_by("pk")
        if "company:people" in names:
            living = CompanyMember.objects.living().filter(company=OuterRef("pk")).order_by()
            counted = living.values("company").annotate(n=Count("pk")).values("n")
            found = found.annotate(people=Coalesce(Subquery(counted), 0))
        companies = list(found[:BATCH])
        if not companies:
            return
        last = companies[-1].pk
        yield _companies_read(companies, names)


def _companies_read(companies: Sequence[Company], names: Sequence[str]) -> Batch:
    identities: dict[tuple[int, str], str] = {}
    if any(_kind(name) == "identity" for name in names):
        rows = CompanyIdentity.objects.filter(company__in=companies).order_by("pk")
        for company, namespace, value in rows.values_list("company", "namespace", "value"):
            identities.setdefault((company, namespace), value)
    read = [_company_reader(name, identities) for name in names]
    return [[value(company) for value in read] for company in companies]


def _company_reader(name: str, identities: dict[tuple[int, str], str]) -> Callable[[Any], Any]:
    kind, _colon, rest = name.partition(":")
    match kind:
        case "attr":
            return lambda company: company.attributes.get(rest)
        case "identity":
            return lambda company: identities.get((company.pk, rest))
    return _OF_COMPANY[name]


_OF_COMPANY: dict[str, Callable[[Any], Any]] = {
    "name": lambda company: company.name,
    "domain": lambda company: company.domain,
    "company:people": lambda company: company.people,
    "company:id": lambda company: company.pk,
    "company:created_at": lambda company: moment(company.created_at),
    "company:updated_at": lambda company: moment(company.updated_at),
}


def _events(terms: Terms, names: Sequence[str], now: datetime, arrived: Arrived | None) -> Iterator[Batch]:
    """
    Yield events in the order of the primary key (time, number): each batch goes on where the last one ended.

    What arrives while the file is written is left out, so the same file would come out again.
    """
    begins, ends = events_bounds(terms, now=now)
    found = events_asked(terms).filter(received_at__lte=now)
    if arrived:
        found = found.filter(received_at__lt=arrived.end)
        found = found.filter(received_at__gte=arrived.start) if arrived.start else found
    if ends:
        found = found.filter(occurred_at__lt=ends)
    if begins:
        found = found.filter(occurred_at__gte=begins)
    last: Event | None = None
    while True:
        page = found if last is None else found.filter(_behind(last))
        events = list(page.order_by("occurred_at", "id")[:BATCH])
        if not events:
            return
        last = events[-1]
        yield _events_read(events, names)


def _behind(last: Event) -> Q:
    # The first condition lets whole partitions be passed by, the second tells events of one moment apart.
    return Q(occurred_at__gte=last.occurred_at) & (Q(occurred_at__gt=last.occurred_at) | Q(id__gt=last.pk))


def _events_read(events: Sequence[Event], names: Sequence[str]) -> Batch:
    emails: dict[int, str] = {}
    if "email" in names:
        people = Contact.objects.known().filter(pk__in={event.contact_id for event in events})
        emails = dict(people.values_list("pk", "email"))
    get: dict[str, Callable[[Event], Any]] = {
        "event": lambda event: event.name,
        "occurred_at": lambda event: moment(event.occurred_at),
        "received_at": lambda event: moment(event.received_at),
        "email": lambda event: emails.get(event.contact_id, ""),
        "contact:id": lambda event: event.contact_id,
        "source": lambda event: event.source,
        "properties": lambda event: orjson.dumps(event.properties).decode(),
        "event:id": lambda event: event.pk,
    }
    return [[get[name](event) for name in names] for event in events]
