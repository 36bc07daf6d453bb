"""Many companies from a program, in one call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.contacts import companies as statements
from apps.contacts.companies import DOMAIN, Draft, names_of
from apps.contacts.fields import MAX_NAME, CompanyFields, Name
from apps.contacts.models import Attribute, Company
from apps.contacts.services.bulk import MAX_ROWS, TRIES, BulkRefused
from apps.contacts.services.contacts import (
    dictionary_add,
    dictionary_new,
    dictionary_of,
    dictionary_room_check,
)

COMPANY = Attribute.Subject.COMPANY


class CompanyOutcome(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    INVALID = "invalid"
    DUPLICATE = "duplicate"


@dataclass(frozen=True)
class CompanyIn:
    """What is said about one company; attributes that are null or blank are left as they are."""

    name: str | None = None
    domain: str | None = None
    identities: Sequence[Name] = ()
    attributes: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class CompanyResult:
    """How one company ended; `errors` by field where it is invalid."""

    outcome: CompanyOutcome
    company_id: int | None = None
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)


def companies_upsert(
    *, companies: Sequence[CompanyIn], key: str, by: User | None, now: datetime
) -> list[CompanyResult]:
    """
    Add or update the companies and say of each how that went, in the order given.

    `key` says which a company is: "domain" or "identity:NAMESPACE". Of two that are the same company the
    first one counts. One without a name is called by its domain, or by its key.

    :raises BulkRefused: too many, or no key that could name a company
    """
    namespace = key.removeprefix("identity:")
    if len(companies) > MAX_ROWS:
        raise BulkRefused(_("At most %(most)s companies a call.") % {"most": f"{MAX_ROWS:,}"})
    if key != DOMAIN and namespace in (key, DOMAIN):
        raise BulkRefused(_("A company is known by “domain” or by “identity:NAME”."))
    for attempt in range(1, TRIES + 1):
        try:
            with transaction.atomic():
                return _upsert(companies, namespace, by=by, now=now)
        except (IntegrityError, _DictionaryMoved):
            if attempt == TRIES:
                raise
    raise AssertionError("the last try returns or raises")


class _DictionaryMoved(Exception):
    """Somebody else has described one of the new keys in the meantime, with another type."""


_Row = tuple[CompanyFields, Name]  # with the name that says which company it is


def _upsert(
    companies: Sequence[CompanyIn], namespace: str, *, by: User | None, now: datetime
) -> list[CompanyResult]:
    results: dict[int, CompanyResult] = {}
    rows = _rows(companies, namespace, results)
    _describe({key: kind for fields, _name in rows.values() for key, kind in fields.unknown.items()})
    drafts, taken = company_drafts(rows)
    results |= {place: _taken(name) for place, name in taken.items()}
    for place, draft in drafts.items():
        draft.tell(rows[place][0])
    statements.save(drafts.values(), now=now)
    results |= {place: CompanyResult(_outcome(draft), draft.company.pk) for place, draft in drafts.items()}
    _audit(results, by=by, now=now)
    return [results[place] for place in range(len(companies))]


def company_drafts(rows: Mapping[int, _Row]) -> tuple[dict[int, Draft], dict[int, Name]]:
    """
    Return the company of each row as it is, locked, or a new one; nothing of the row is told to it yet.

    And of the rows that cannot be, the name that is another company's. In the caller's transaction.
    """
    known = statements.resolve(name for fields, _name in rows.values() for name in names_of(fields))
    standing = statements.locked(set(known.values()))
    drafts: dict[int, Draft] = {}
    taken: dict[int, Name] = {}
    for place, (fields, name) in rows.items():
        owner = known.get(name)
        if strange := [one for one in names_of(fields) if known.get(one, owner) != owner]:
            taken[place] = strange[0]
            continue
        company = standing[owner] if owner else Company(name=(fields.domain or name[1])[:MAX_NAME])
        names = [one for one in fields.names if one not in known]
        drafts[place] = Draft(company, is_new=owner is None, names=names)
    return drafts, taken


def _rows(
    companies: Sequence[CompanyIn], namespace: str, results: dict[int, CompanyResult]
) -> dict[int, _Row]:
    """Return the fields and the name of each company that can be taken; the others go into `results`."""
    dictionary = dictionary_of({key for company in companies for key in company.attributes}, COMPANY)
    rows: dict[int, _Row] = {}
    met: dict[Name, Name] = {}
    for place, company in enumerate(companies):
        try:
            fields = CompanyFields(**vars(company), dictionary=dictionary)
            name = company_name(fields, namespace)
        except ValidationError as error:
            results[place] = CompanyResult(CompanyOutcome.INVALID, errors=error.message_dict)
            continue
        names = names_of(fields)
        if name in met:
            results[place] = CompanyResult(CompanyOutcome.DUPLICATE)
        elif any(one in met for one in names):
            errors = {"identities": [_("Two companies of this call have the same identity or domain.")]}
            results[place] = CompanyResult(CompanyOutcome.INVALID, errors=errors)
        else:
            met.update(dict.fromkeys(names, name))
            rows[place] = (fields, name)
            dictionary |= {entry.key: entry for entry in dictionary_new(fields.unknown, COMPANY)}
    return rows


def company_name(fields: CompanyFields, namespace: str) -> Name:
    """
    Return the name that says which company it is.

    :raises ValidationError: it is empty
    """
    for space, value in names_of(fields):
        if space == namespace:
            return space, value
    field_name = "domain" if namespace == DOMAIN else "identities"
    raise ValidationError({field_name: [_("This is empty, so nobody can tell which company it is.")]})


def _describe(unknown: Mapping[str, str]) -> None:
    """:raises _DictionaryMoved: one of the keys is there by now, and is not of this type"""
    if not unknown:
        return
    dictionary_room_check(unknown, COMPANY)
    dictionary_add(unknown, COMPANY)
    standing = dictionary_of(unknown, COMPANY)
    for key, kind in unknown.items():
        entry = standing.get(key)
        if entry is None or entry.type != kind or entry.choices or entry.removed_at:
            raise _DictionaryMoved


def company_taken(name: Name) -> tuple[str, str]:
    """Return of a name that is another company's the field and the reason."""
    if name[0] == DOMAIN:
        return "domain", _("Another company has this domain already.")
    return "identities", _("One of its identities belongs to another company.")


def _taken(name: Name) -> CompanyResult:
    field_name, reason = company_taken(name)
    return CompanyResult(CompanyOutcome.INVALID, errors={field_name: [reason]})


def _outcome(draft: Draft) -> CompanyOutcome:
    if draft.is_new:
        return CompanyOutcome.CREATED
    return CompanyOutcome.UPDATED if draft.is_changed else CompanyOutcome.UNCHANGED


def _audit(results: Mapping[int, CompanyResult], *, by: User | None, now: datetime) -> None:
    """One line for the whole call: a line per company would be most of the log."""
    counts = {outcome.value: 0 for outcome in CompanyOutcome}
    for result in results.values():
        counts[result.outcome.value] += 1
    if by is not None:
        collaboration.audit_record(
            action="companies.upserted", subject=by, by=by, now=now, details={**counts}
        )
