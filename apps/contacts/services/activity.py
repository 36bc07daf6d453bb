"""What other systems tell of people as it happens: who they are, what is known of them, what they did."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import orjson
import structlog
from django.db import connection, transaction

from apps.contacts import eventlog, identities
from apps.contacts.addresses import AddressInvalid, address_hash
from apps.contacts.fields import ContactFields, Name
from apps.contacts.joining import Joining, Who, contacts_in_question
from apps.contacts.models import Contact, Identity
from apps.contacts.services.contacts import dictionary_add
from apps.contacts.services.events import (
    EARLIEST,
    EventIn,
    EventInvalid,
    EventOutcome,
    event_row,
    message_key,
    outcome_of,
)
from apps.contacts.services.merge import ContactNotMergeable, contact_merge
from apps.contacts.values import Value
from apps.core import partitions

log = structlog.get_logger(__name__)

_LOCK = "SELECT id FROM contacts_contact WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
# A first address is the one that is written to. A source does not change it: whoever has its key, any reader
# of the page it stands in, could have somebody's mail sent to an address of their own.
# Nothing is written to whoever is as told already: an unchanged contact is no news to segments.
_UPDATE = """
    UPDATE contacts_contact AS c SET
        attributes = c.attributes || t.attributes,
        phone = COALESCE(NULLIF(t.phone, ''), c.phone),
        phone_hash = COALESCE(t.phone_hash, c.phone_hash),
        email = CASE c.email WHEN '' THEN t.email ELSE c.email END,
        email_hash = CASE c.email WHEN '' THEN t.email_hash ELSE c.email_hash END,
        timezone = COALESCE(NULLIF(t.timezone, ''), c.timezone),
        updated_at = %s
    FROM unnest(%s::bigint[], %s::jsonb[], %s::text[], %s::bytea[], %s::text[], %s::bytea[],
        %s::text[]) AS t(id, attributes, phone, phone_hash, email, email_hash, timezone)
    WHERE c.id = t.id AND c.erased_at IS NULL AND (
        c.attributes || t.attributes <> c.attributes
        OR (t.phone <> '' AND t.phone <> c.phone) OR (t.email <> '' AND c.email = '')
        OR (t.timezone <> '' AND t.timezone <> c.timezone)
    )
"""


@dataclass(frozen=True)
class Activity:
    """
    One message about one person, who has at least one name. The event is that person's, whatever it says.

    The same `message_id` of the same person is taken once, as with events; one without is taken as it comes.
    """

    who: Who
    message_id: str = ""
    event: EventIn | None = None
    fields: ContactFields | None = None


@dataclass(frozen=True)
class ActivityResult:
    """How a message ended; `left` are names in it that belong to somebody else, and stay theirs."""

    outcome: EventOutcome
    reason: str = ""
    contact_id: int | None = None
    left: Sequence[Name] = ()


def activities_record(*, activities: Sequence[Activity], source: str, now: datetime) -> list[ActivityResult]:
    """
    Keep what is told and say of each message how that went, in the order given.

    A visitor becomes the person whose name comes along; two people who are known stay two. All in the
    caller's transaction. Calls with the same people may run at once: all take their locks in one order.

    :raises IntegrityError: somebody else has made one of the contacts in the meantime, or a month has no
        partition yet: call `activity_months_ensure`, and do it all again
    """
    refused, rows = _rows(activities, now=now)
    written = _write(activities, rows, refused.keys(), source=source, now=now)
    return [refused.get(place) or written[place] for place in range(len(activities))]


def activity_months_ensure(*, activities: Sequence[Activity]) -> None:
    """Make the partitions that these events need. Not asked each time: the present month has one."""
    times = {activity.event.occurred_at for activity in activities if activity.event}
    months = {partitions.month_of(at) for at in times if at >= EARLIEST}
    with transaction.atomic():
        for month in sorted(months):
            partitions.month_partition_ensure(eventlog.TABLE, month)


def _rows(
    activities: Sequence[Activity], *, now: datetime
) -> tuple[dict[int, ActivityResult], dict[int, eventlog.Row]]:
    refused: dict[int, ActivityResult] = {}
    rows: dict[int, eventlog.Row] = {}
    for place, activity in enumerate(activities):
        if activity.event is None:
            continue
        try:
            rows[place] = event_row(activity.event, now=now)
        except (EventInvalid, AddressInvalid) as error:
            refused[place] = ActivityResult(EventOutcome.REFUSED, str(error))
    return refused, rows


def _write(
    activities: Sequence[Activity],
    rows: Mapping[int, eventlog.Row],
    refused: Collection[int],
    *,
    source: str,
    now: datetime,
) -> dict[int, ActivityResult]:
    places = [place for place in range(len(activities)) if place not in refused]
    people = list(dict.fromkeys(activities[place].who for place in places))
    found = _join(people, now=now)
    owners = {place: found[activities[place].who][0] for place in places}
    keys = _keys(activities, rows, owners)
    fresh = eventlog.keep(keys, source=source, now=now) | (owners.keys() - keys.keys())
    _describe(
        [
            (owners[place], told, found[activities[place].who][1])
            for place in places
            if place in fresh and (told := activities[place].fields)
        ],
        now=now,
    )
    return {
        place: ActivityResult(
            outcome=outcome_of(rows.get(place), is_fresh=place in fresh),
            contact_id=owners[place],
            left=found[activities[place].who][1],
        )
        for place in places
    }


_Owners = dict[Who, tuple[int, Sequence[Name]]]


def _join(people: Sequence[Who], *, now: datetime) -> _Owners:
    """Return the contact of each person, with the names that were left with somebody else."""
    known = identities.resolve({name for who in people for name in who.names()})
    in_question = contacts_in_question(people, known)
    spaces = identities.namespaces_of(in_question) if in_question else {}
    # One call is read by one scheme.
    joining = Joining(known, spaces, next((who.namespace for who in people), Identity.USER))
    # Users first: a visitor who turns out to be one in this very call needs no contact in between.
    found = {who: joining.owner(who) for who in sorted(people, key=lambda who: (not who.user, not who.email))}
    strangers = identities.add(joining.added, now=now) if joining.added else {}
    owners = {
        owner: joining.settled(owner) for owner in [*joining.absorbed, *(one for one, _ in found.values())]
    }
    made = {owner: strangers.get(settled, settled) for owner, settled in owners.items()}
    _visitors_merge({gone: made[gone] for gone in sorted(joining.absorbed) if gone > 0}, now=now)
    return {who: (made[owner], left) for who, (owner, left) in found.items()}


def _visitors_merge(absorbed: Mapping[int, int], *, now: datetime) -> None:
    contacts = Contact.objects.in_bulk({*absorbed, *absorbed.values()}) if absorbed else {}
    for gone, keep in absorbed.items():
        try:
            contact_merge(keep=contacts[keep], gone=contacts[gone], by=None, now=now)
        except ContactNotMergeable as refusal:
            # Known after all, by a telephone; or being written to now, and the next message tries again.
            log.info("a visitor was not merged", kept=keep, gone=gone, reason=type(refusal).__name__)


def _keys(
    activities: Sequence[Activity], rows: Mapping[int, eventlog.Row], owners: Mapping[int, int]
) -> dict[int, tuple[int, UUID, eventlog.Row | None]]:
    """Return what can be told from its repetition: all but a message that has neither id nor event."""
    keys: dict[int, tuple[int, UUID, eventlog.Row | None]] = {}
    for place, owner in owners.items():
        if row := rows.get(place):
            keys[place] = (owner, row.message_key, row)
        elif told := activities[place].message_id:
            keys[place] = (owner, message_key(told.encode(errors="surrogatepass")), None)
    return keys


def _describe(told: Sequence[tuple[int, ContactFields, Sequence[Name]]], *, now: datetime) -> None:
    """Write what is known of each contact; of several that say something, the last one has the word."""
    if not told:
        return
    dictionary_add({key: kind for _owner, fields, _left in told for key, kind in fields.unknown.items()})
    merged: dict[int, _Described] = {}
    for owner, fields, left in told:
        entry = merged.setdefault(owner, _Described())
        entry.attributes |= {key: value for key, value in fields.values.items() if value is not None}
        entry.phone = fields.phone or entry.phone
        entry.timezone = fields.timezone or entry.timezone
        if fields.email and (Identity.EMAIL, fields.email) not in left:
            entry.email = fields.email
    ids = sorted(merged)
    entries = [merged[owner] for owner in ids]
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [ids])
        cursor.execute(
            _UPDATE,
            [
                now,
                ids,
                [orjson.dumps(entry.attributes).decode() for entry in entries],
                [entry.phone for entry in entries],
                [_hash(entry.phone) for entry in entries],
                [entry.email for entry in entries],
                [_hash(entry.email) for entry in entries],
                [entry.timezone for entry in entries],
            ],
        )


def _hash(address: str) -> bytes | None:
    return address_hash(address) if address else None


@dataclass
class _Described:
    attributes: dict[str, Value] = field(default_factory=dict)
    phone: str = ""
    email: str = ""
    timezone: str = ""
