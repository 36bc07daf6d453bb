"""The rows of a file that says who belongs to which company, and in which part."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from apps.contacts import companies as statements
from apps.contacts import identities
from apps.contacts.addresses import AddressInvalid, domain_normalise, identity_normalise
from apps.contacts.fields import Name
from apps.contacts.mapping import Prepared
from apps.contacts.models import Attribute, CompanyMember, Contact, ImportFile, Role
from apps.contacts.services.import_rows import (
    RowReader,
    RowRefused,
    Told,
    Verdicts,
    Written,
    key_of,
    keys_claim,
    keys_record,
)
from apps.contacts.services.imports import column_map, field_rules
from apps.contacts.staging import Outcome
from apps.contacts.undoing.members import FIELDS, fields_of, record_changed, record_made
from apps.contacts.values import AttributeInvalid, value_parse

Mode = ImportFile.Mode
MAX_TITLE = 100
Pair = tuple[int, int]


@dataclass(frozen=True)
class Place:
    """What a row says: who belongs to which company; None is what it leaves open."""

    who: Name
    company: Name
    role: str | None = None
    title: str | None = None
    since: date | None = None
    is_primary: bool | None = None


class MemberRows(RowReader[Place]):
    def __init__(self, import_file: ImportFile) -> None:
        super().__init__(column_map(import_file))
        self._import = import_file
        self._rules = field_rules(import_file)
        targets = [target for target in self.mapping.targets if target]
        self._company = next(target for target in targets if target.startswith("company:"))

    def read(self, cells: list[str]) -> Place:
        since = self._value(cells, "since", Attribute.Type.DATE)
        primary = self._value(cells, "is_primary", Attribute.Type.BOOLEAN)
        title = self._value(cells, "title", Attribute.Type.TEXT)
        if title is not None and len(str(title)) > MAX_TITLE:
            raise RowRefused("title", _("A title has at most %(n)s letters.") % {"n": MAX_TITLE})
        return Place(
            who=self._name(cells, self.mapping.key, self.mapping.key_namespace),
            company=self._name(cells, self._company, self._company.removeprefix("company:")),
            role=self._role(cells),
            title=None if title is None else str(title),
            since=None if since is None else date.fromisoformat(str(since)),
            is_primary=None if primary is None else bool(primary),
        )

    def _name(self, cells: list[str], target: str, space: str) -> Name:
        text = self.cell(cells, target)
        if not text:
            raise RowRefused(target, _("This is empty, so nobody can tell who the row is about."))
        try:
            if target == "company:domain":
                return statements.DOMAIN, domain_normalise(text)
            return identity_normalise(space, text)
        except AddressInvalid as error:
            raise RowRefused(target, str(error)) from error

    def _role(self, cells: list[str]) -> str | None:
        text = self.cell(cells, "role").casefold()
        if not text:
            return None
        for role in Role:
            if text in (role.value, str(role.label).casefold(), role.value.replace("_", " ")):
                return role.value
        roles = ", ".join(str(role.label) for role in Role)
        raise RowRefused("role", _("This is none of the roles: %(roles)s.") % {"roles": roles})

    def _value(self, cells: list[str], target: str, kind: Attribute.Type) -> object:
        try:
            return value_parse(kind, self.cell(cells, target))
        except AttributeInvalid as error:
            raise RowRefused(target, str(error)) from error

    def write(self, prepared: Prepared, *, wanted: Collection[Outcome], now: datetime) -> Written:
        assert isinstance(prepared, Told), "prepared by this class"
        verdicts = Verdicts()
        pairs = self._pairs(prepared.told, verdicts)
        standing = _standing(set(pairs.values()))
        before = fields_of(standing.values())
        made: list[CompanyMember] = []
        changed: list[CompanyMember] = []
        for number, (contact, company) in pairs.items():
            place = prepared.told[number]
            member = standing.get((contact, company))
            if member is None:
                if self._import.mode == Mode.UPDATE:
                    reason = _("They do not belong to this company, and only known places are updated.")
                    verdicts.refused[number] = ("", reason)
                    continue
                new = CompanyMember(contact_id=contact, company_id=company, source="import")
                self._tell(new, place, is_new=True)
                made.append(new)
                verdicts.outcomes[number] = Outcome.CREATED
            elif self._import.mode != Mode.CREATE and self._tell(member, place):
                changed.append(member)
                verdicts.outcomes[number] = Outcome.UPDATED
            else:
                verdicts.outcomes[number] = Outcome.UNCHANGED
        if not self._import.is_dry_run:
            mains = _save(made, changed, now=now)
            keys_record(self._import.pk, _records(made, changed, before, mains))
        return self.written(prepared, verdicts, wanted)

    def _pairs(self, told: Mapping[int, Place], verdicts: Verdicts) -> dict[int, Pair]:
        """Return contact, locked, and company of each row that is the first about both."""
        contacts = identities.resolve({place.who for place in told.values()})
        locked = Contact.objects.select_for_update(no_key=True).filter(
            pk__in=set(contacts.values()), erased_at__isnull=True
        )
        living = set(locked.order_by("pk").values_list("pk", flat=True))
        companies = statements.resolve(place.company for place in told.values())
        pairs: dict[int, Pair] = {}
        for number, place in told.items():
            contact, company = contacts.get(place.who), companies.get(place.company)
            if contact not in living or contact is None:
                verdicts.refused[number] = (self.mapping.key, _("No contact is known by this."))
            elif company is None:
                verdicts.refused[number] = (self._company, _("No company is known by this."))
            else:
                pairs[number] = (contact, company)
        first = keys_claim(self._import.pk, {number: key_of(*pair) for number, pair in pairs.items()})
        verdicts.outcomes |= {number: Outcome.DUPLICATE for number in pairs if number not in first}
        pairs = {number: pair for number, pair in pairs.items() if number in first}
        return self._main_once(told, pairs, verdicts)

    def _main_once(
        self, told: Mapping[int, Place], pairs: Mapping[int, Pair], verdicts: Verdicts
    ) -> dict[int, Pair]:
        """Return the pairs without those that make a second company of the file the main one of somebody."""
        mains = {number: key_of("main", pairs[number][0]) for number in pairs if told[number].is_primary}
        first = keys_claim(self._import.pk, mains)
        for number in mains.keys() - first:
            reason = _("Another row of this file says which company is their main one.")
            verdicts.refused[number] = ("is_primary", reason)
        return {number: pair for number, pair in pairs.items() if number not in verdicts.refused}

    def _tell(self, member: CompanyMember, place: Place, *, is_new: bool = False) -> bool:
        """Set what the row says and the rules let be written; True if anything differs."""
        is_changed = False
        for name in FIELDS:
            value, was = getattr(place, name), getattr(member, name)
            if value is None or value == was:
                continue
            if not is_new and self._rules.leaves(name, is_empty=was in ("", None, False)):
                continue
            setattr(member, name, value)
            is_changed = True
        return is_changed


def _standing(pairs: Collection[Pair]) -> dict[Pair, CompanyMember]:
    contacts = {contact for contact, _company in pairs}
    companies = {company for _contact, company in pairs}
    found = CompanyMember.objects.select_for_update(no_key=True).order_by("pk")
    found = found.filter(contact__in=contacts, company__in=companies)
    return {(one.contact_id, one.company_id): one for one in found}


def _save(made: list[CompanyMember], changed: list[CompanyMember], *, now: datetime) -> dict[int, int]:
    """Write the places; whoever gets a main company gives up the one before: returned by contact."""
    mains = [member for member in [*made, *changed] if member.is_primary]
    others = CompanyMember.objects.filter(contact__in=[one.contact_id for one in mains], is_primary=True)
    others = others.exclude(pk__in=[one.pk for one in mains if one.pk])
    given_up = dict(others.values_list("contact_id", "pk"))
    CompanyMember.objects.filter(pk__in=given_up.values()).update(is_primary=False, updated_at=now)
    for member in changed:
        member.updated_at = now
    CompanyMember.objects.bulk_update(changed, [*FIELDS, "updated_at"], batch_size=500)
    CompanyMember.objects.bulk_create(sorted(made, key=lambda one: (one.contact_id, one.company_id)))
    return given_up


def _records(
    made: list[CompanyMember],
    changed: list[CompanyMember],
    before: Mapping[int, Mapping[str, Any]],
    given_up: Mapping[int, int],
) -> dict[int, tuple[bool, dict[str, Any]]]:
    """Return by number what the undoing has to know of each place."""

    def main_was(member: CompanyMember) -> int | None:
        return given_up.get(member.contact_id) if member.is_primary else None

    new = {one.pk: (True, record_made(one, main_was=main_was(one))) for one in made}
    known = {one.pk: (False, record_changed(one, before[one.pk], main_was=main_was(one))) for one in changed}
    return new | known
