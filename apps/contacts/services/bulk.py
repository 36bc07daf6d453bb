"""Many contacts from a program, in one call, through the staging that imports use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import orjson
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.contacts import staging
from apps.contacts.addresses import address_hash
from apps.contacts.consents import ConsentChange
from apps.contacts.fields import ContactFields, Name
from apps.contacts.models import Attribute, Identity
from apps.contacts.services.contacts import (
    dictionary_add,
    dictionary_new,
    dictionary_of,
    dictionary_room_check,
)
from apps.contacts.services.imports import consent_check
from apps.contacts.staging import TAKEN, Outcome, Terms
from apps.core.errors import DomainError

MAX_ROWS = 1_000
TRIES = 3


class BulkRefused(DomainError):
    pass


@dataclass(frozen=True)
class ContactIn:
    """What is said about one contact; attributes that are null or blank are left as they are."""

    email: str = ""
    phone: str = ""
    identities: Sequence[Name] = ()
    attributes: Mapping[str, object] = field(default_factory=dict)
    timezone: str = ""


@dataclass(frozen=True)
class UpsertResult:
    """How one contact ended; `errors` by field where it is invalid."""

    outcome: Outcome
    contact_id: int | None = None
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)


def contacts_upsert(
    *,
    contacts: Sequence[ContactIn],
    key: str,
    by: User | None,
    now: datetime,
    consent: ConsentChange | None = None,
) -> list[UpsertResult]:
    """
    Add or update the contacts and say of each how that went, in the order given.

    `key` says who a contact is: "email" or "identity:NAMESPACE". Suppressed addresses are left alone, and the
    first of two that are the same person wins, as in a file. A key that the dictionary lacks is of the type
    that the first contact shows; the others have to fit it.

    :raises BulkRefused: too many, or no key that could name a contact
    :raises ImportRefused: consent without its proof, see `consent_check`
    :raises TopicUnknown: consent to a topic that nobody described
    """
    namespace = key.removeprefix("identity:")
    if len(contacts) > MAX_ROWS:
        raise BulkRefused(_("At most %(most)s contacts a call.") % {"most": f"{MAX_ROWS:,}"})
    if key != Identity.EMAIL and namespace in (key, Identity.EMAIL):
        raise BulkRefused(_("A row is known by “email” or by “identity:NAME”."))
    # As for a file: one call may subscribe a thousand people, so it brings the whole proof.
    change = consent_check({**vars(consent)}) if consent else None
    terms = Terms(namespace=namespace, consent=change)
    for attempt in range(1, TRIES + 1):
        try:
            with transaction.atomic():
                return _upsert(contacts, terms, by=by, now=now)
        except (IntegrityError, _DictionaryMoved):
            if attempt == TRIES:
                raise
    raise AssertionError("the last try returns or raises")


class _DictionaryMoved(Exception):
    """Somebody else has described one of the new keys in the meantime, with another type."""


def _upsert(
    contacts: Sequence[ContactIn], terms: Terms, *, by: User | None, now: datetime
) -> list[UpsertResult]:
    results: dict[int, UpsertResult] = {}
    rows = _rows(contacts, terms.namespace, results)
    planned = _write(rows, terms, by=by, now=now) if rows else {}
    for row, (outcome, contact) in planned.items():
        if outcome == Outcome.CLASH:
            errors = {"identities": [_("One of its identities belongs to another contact.")]}
            results[row] = UpsertResult(Outcome.INVALID, errors=errors)
        else:
            results[row] = UpsertResult(outcome, contact if outcome in TAKEN else None)
    return [results[row] for row in range(len(contacts))]


_Row = tuple[ContactFields, str]


def _rows(contacts: Sequence[ContactIn], namespace: str, results: dict[int, UpsertResult]) -> dict[int, _Row]:
    """Return the fields and the name of each contact that can be taken; the others go into `results`."""
    dictionary = dictionary_of({key for contact in contacts for key in contact.attributes})
    rows: dict[int, _Row] = {}
    owners: dict[Name, str] = {}
    for place, contact in enumerate(contacts):
        try:
            fields = ContactFields(**vars(contact), dictionary=dictionary)
            name = _name(fields, namespace)
        except ValidationError as error:
            results[place] = UpsertResult(Outcome.INVALID, errors=error.message_dict)
            continue
        if owners.get((namespace, name)) == name:
            results[place] = UpsertResult(Outcome.DUPLICATE)
        elif any(owners.get(other, name) != name for other in fields.names):
            errors = {"identities": [_("Two contacts of this call have the same identity.")]}
            results[place] = UpsertResult(Outcome.INVALID, errors=errors)
        else:
            owners.update(dict.fromkeys(fields.names, name))
            rows[place] = (fields, name)
            dictionary |= {entry.key: entry for entry in dictionary_new(fields.unknown)}
    return rows


def _name(fields: ContactFields, namespace: str) -> str:
    for space, value in fields.names:
        if space == namespace:
            return value
    field_name = "email" if namespace == Identity.EMAIL else "identities"
    raise ValidationError({field_name: [_("This is empty, so nobody can tell who the contact is.")]})


def _write(
    rows: Mapping[int, _Row], terms: Terms, *, by: User | None, now: datetime
) -> dict[int, tuple[Outcome, int]]:
    _describe({key: kind for fields, _name in rows.values() for key, kind in fields.unknown.items()})
    lines = "".join(_line(row, *rows[row]) for row in rows).encode()
    names = "".join(
        f"{row}\t{space}\t{_escaped(value)}\n"
        for row, (fields, name) in rows.items()
        for space, value in fields.names
        if (space, value) != (terms.namespace, name)
    ).encode()
    staging.run(lines=lines, names=names, terms=terms, by=by, now=now)
    planned = staging.results()
    _audit(planned, by=by, now=now)
    return planned


def _describe(unknown: Mapping[str, str]) -> None:
    """:raises _DictionaryMoved: one of the keys is there by now, and is not of this type"""
    if not unknown:
        return
    dictionary_room_check(unknown)
    dictionary_add(unknown)
    standing = dictionary_of(unknown)
    if any(key not in standing or not _fits(standing[key], kind) for key, kind in unknown.items()):
        raise _DictionaryMoved


def _fits(entry: Attribute, kind: str) -> bool:
    return entry.type == kind and not entry.choices and entry.removed_at is None


def _audit(planned: Mapping[int, tuple[Outcome, int]], *, by: User | None, now: datetime) -> None:
    """One line for the whole call: a line per contact would be most of the log."""
    counts = {outcome.value: 0 for outcome in TAKEN}
    for outcome, _contact in planned.values():
        counts[outcome] = counts.get(outcome, 0) + 1
    if by is not None:
        collaboration.audit_record(action="contacts.upserted", subject=by, by=by, now=now, details={**counts})


def _line(row: int, fields: ContactFields, name: str) -> str:
    values = {key: value for key, value in fields.values.items() if value is not None}
    told = orjson.dumps(values).decode().replace("\\", "\\\\")
    cells = (
        row,
        _escaped(name),
        fields.email,
        _hashed(fields.email),
        fields.phone,
        _hashed(fields.phone),
        told,
        fields.timezone,
        "\\N",  # what comes by programs is read each time
    )
    return "\t".join(map(str, cells)) + "\n"


def _hashed(address: str) -> str:
    return f"\\\\x{address_hash(address).hex()}" if address else "\\N"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\")
