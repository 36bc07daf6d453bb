"""Events on their way in: any number in a few statements, each message id once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

import orjson
from django.db import transaction
from django.utils.translation import gettext as _

from apps.contacts import eventlog, identities, schemas
from apps.contacts.addresses import AddressInvalid, identity_normalise
from apps.core import partitions
from apps.core.errors import DomainError

MAX_NAME = 128
MAX_PROPERTIES = 32 * 1024  # bytes of JSON
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)  # clocks of senders may be wrong by so much


class EventInvalid(DomainError):
    """This event cannot be kept; the message is the reason."""


@dataclass(frozen=True)
class EventIn:
    """
    Something that a contact did. The contact is told by identity, or by id where it is known already.

    With the same `message_id`, the same contact's event is taken once. Without one, events that are equal in
    name, time and properties are the same event.
    """

    name: str
    occurred_at: datetime
    identity: tuple[str, str] | None = None
    contact_id: int | None = None
    properties: dict[str, object] = field(default_factory=dict)
    message_id: str = ""


class EventOutcome(StrEnum):
    RECORDED = "recorded"
    QUARANTINED = "quarantined"  # taken, and kept apart until somebody releases it
    DUPLICATE = "duplicate"
    REFUSED = "refused"


@dataclass(frozen=True)
class EventResult:
    outcome: EventOutcome
    reason: str = ""
    contact_id: int | None = None


def events_record(*, events: Sequence[EventIn], source: str, now: datetime) -> list[EventResult]:
    """
    Keep the events and say of each how that went, in the order given. Durable when it returns.

    Contacts that nobody knows yet are made from their identity. One bad event does not hold up the others.
    Two calls with the same events may run at once: both take their locks in the same order.
    """
    results: dict[int, EventResult] = {}
    rows: dict[int, eventlog.Row] = {}
    for place, event in enumerate(events):
        try:
            rows[place] = _owned_row(event, now=now)
        except (EventInvalid, AddressInvalid) as error:
            results[place] = EventResult(EventOutcome.REFUSED, str(error))
    with transaction.atomic():
        for month in sorted({partitions.month_of(row.occurred_at) for row in rows.values()}):
            partitions.month_partition_ensure(eventlog.TABLE, month)
        results |= events_keep(rows=rows, source=source, now=now)
    return [results[place] for place in range(len(events))]


def _owned_row(event: EventIn, *, now: datetime) -> eventlog.Row:
    if event.contact_id is None and event.identity is None:
        raise EventInvalid(_("Say whose event this is."))
    return event_row(event, now=now)


def event_row(event: EventIn, *, now: datetime) -> eventlog.Row:
    """
    Return the event as it is written.

    :raises EventInvalid: it cannot be kept
    :raises AddressInvalid: its identity names nobody
    """
    name = event.name.strip()
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise EventInvalid(_("An event has a name of 1 to %(n)s characters.") % {"n": MAX_NAME})
    if not EARLIEST <= event.occurred_at <= now + AHEAD:
        raise EventInvalid(_("The time of this event is before the year 2000 or in the future."))
    properties = _properties(event.properties)
    identity = identity_normalise(*event.identity) if event.identity else None
    told = event.message_id.encode(errors="surrogatepass") or b"|".join(
        [name.encode(), event.occurred_at.astimezone(UTC).isoformat().encode(), properties]
    )
    return eventlog.Row(
        name,
        event.occurred_at,
        properties.decode(),
        message_key(told),
        identity,
        event.contact_id,
        schemas.verdict(name, event.properties),
    )


def outcome_of(row: eventlog.Row | None, *, is_fresh: bool) -> EventOutcome:
    """Return how a message ended that was taken; `is_fresh` as `eventlog.keep` says."""
    if not is_fresh:
        return EventOutcome.DUPLICATE
    return EventOutcome.QUARANTINED if row is not None and row.is_held else EventOutcome.RECORDED


def message_key(told: bytes) -> UUID:
    """Return what a receipt keeps of a message id."""
    return UUID(bytes=sha256(told).digest()[:16])


def _properties(raw: dict[str, object]) -> bytes:
    try:
        told = orjson.dumps(raw, option=orjson.OPT_SORT_KEYS)
    except (TypeError, ValueError, RecursionError) as error:
        raise EventInvalid(_("The properties are not JSON that can be kept.")) from error
    if len(told) > MAX_PROPERTIES:
        raise EventInvalid(_("The properties are larger than 32 KB."))
    if b"\\u0000" in told:
        raise EventInvalid(_("The properties hold a NUL character, which no text has."))
    return told


def events_plan(*, rows: Mapping[int, eventlog.Row]) -> tuple[dict[int, int], set[int]]:
    """Return whose event each row would be, of those who are known, and the rows that are taken already."""
    known = identities.resolve({row.identity for row in rows.values() if row.identity})
    owners = {place: known[row.identity] for place, row in rows.items() if row.identity in known}
    return owners, eventlog.taken(
        {place: (owner, rows[place].message_key) for place, owner in owners.items()}
    )


def events_keep(
    *, rows: dict[int, eventlog.Row], source: str, now: datetime, import_id: int | None = None
) -> dict[int, EventResult]:
    """
    Write these events, in the caller's transaction; strangers are made from their identities.

    `import_id` is the import that they come by, which may be undone.

    :raises IntegrityError: the month of an event has no partition yet
    """
    owners = _owners(rows, now=now)
    results = {
        place: EventResult(EventOutcome.REFUSED, _("There is no such contact."))
        for place in rows.keys() - owners.keys()
    }
    fresh = eventlog.keep(
        {place: (owner, rows[place].message_key, rows[place]) for place, owner in owners.items()},
        source=source,
        now=now,
        import_id=import_id,
    )
    for place, owner in owners.items():
        results[place] = EventResult(outcome_of(rows[place], is_fresh=place in fresh), contact_id=owner)
    return results


def _owners(rows: dict[int, eventlog.Row], *, now: datetime) -> dict[int, int]:
    """Return whose event each row is; rows of contacts who do not exist are left out."""
    names = {row.identity for row in rows.values() if row.contact_id is None and row.identity}
    known = identities.resolve_or_create(names, now=now)
    there = identities.existing({row.contact_id for row in rows.values() if row.contact_id is not None})
    owners: dict[int, int] = {}
    for place, row in rows.items():
        if row.contact_id is None and row.identity is not None:
            owners[place] = known[row.identity]
        elif row.contact_id in there:
            owners[place] = there[row.contact_id]
    return owners
