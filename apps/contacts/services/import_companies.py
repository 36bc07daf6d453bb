"""The rows of a file of companies, taken as the API takes them."""

from collections.abc import Collection, Mapping
from copy import copy
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.contacts import companies as statements
from apps.contacts.companies import Draft, names_of
from apps.contacts.fields import CompanyFields, Name
from apps.contacts.mapping import Prepared
from apps.contacts.models import ImportFile
from apps.contacts.services.company_bulk import company_drafts, company_name, company_taken
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
from apps.contacts.services.imports import attributes_mapped, column_map, field_rules
from apps.contacts.staging import Outcome
from apps.contacts.undoing.companies import record

Mode = ImportFile.Mode
_Row = tuple[CompanyFields, Name]


class CompanyRows(RowReader[_Row]):
    def __init__(self, import_file: ImportFile) -> None:
        mapping = column_map(import_file)
        super().__init__(mapping)
        self._import = import_file
        self._rules = field_rules(import_file)
        self._dictionary = attributes_mapped(import_file)
        targets = [target for target in mapping.targets if target]
        self._attributes = [one.removeprefix("attr:") for one in targets if one.startswith("attr:")]
        self._spaces = [one.removeprefix("identity:") for one in targets if one.startswith("identity:")]

    def read(self, cells: list[str]) -> _Row:
        names = [(space, self.cell(cells, f"identity:{space}")) for space in self._spaces]
        attributes = {key: self.cell(cells, f"attr:{key}") for key in self._attributes}
        try:
            fields = CompanyFields(
                name=self.cell(cells, "name") or None,
                domain=self.cell(cells, "domain") or None,
                identities=[(space, value) for space, value in names if value],
                attributes={key: text for key, text in attributes.items() if text},
                dictionary=self._dictionary,
            )
            return fields, company_name(fields, self.mapping.key_namespace)
        except ValidationError as error:
            ((where, reasons), *_others) = error.message_dict.items()
            raise RowRefused(self._target(where), reasons[0]) from error

    def _target(self, where: str) -> str:
        """Return the target of a field of `CompanyFields`; of identities the first one."""
        if where == "identities":
            return f"identity:{self._spaces[0]}" if self._spaces else ""
        return where.replace("attributes.", "attr:", 1)

    def write(self, prepared: Prepared, *, wanted: Collection[Outcome], now: datetime) -> Written:
        assert isinstance(prepared, Told), "prepared by this class"
        verdicts = Verdicts()
        rows = _once(prepared.told, verdicts)
        drafts, taken = company_drafts(rows)
        verdicts.refused |= {number: company_taken(name) for number, name in taken.items()}
        for number in self._met(drafts, rows):
            verdicts.outcomes[number] = Outcome.DUPLICATE
            del drafts[number]
        before = {draft.company.pk: {**vars(draft.company)} for draft in drafts.values() if not draft.is_new}
        for number, draft in drafts.items():
            self._tell(number, draft, rows[number][0], verdicts)
        if not self._import.is_dry_run:
            told = [draft for number, draft in drafts.items() if number in verdicts.outcomes]
            statements.save(told, now=now)
            keys_record(
                self._import.pk,
                {
                    one.company.pk: (one.is_new, record(one, before.get(one.company.pk, {})))
                    for one in told
                    if one.is_new or one.is_changed
                },
            )
        return self.written(prepared, verdicts, wanted)

    def _met(self, drafts: Mapping[int, Draft], rows: Mapping[int, _Row]) -> list[int]:
        """Return the rows about companies that stand further up; who is made now has no number to know by."""
        keys = {
            number: key_of(*rows[number][1]) if draft.is_new else draft.company.pk
            for number, draft in drafts.items()
            if not draft.is_new or self._import.is_dry_run
        }
        first = keys_claim(self._import.pk, keys)
        return [number for number in keys if number not in first]

    def _tell(self, number: int, draft: Draft, fields: CompanyFields, verdicts: Verdicts) -> None:
        if draft.is_new:
            if self._import.mode == Mode.UPDATE:
                reason = _("No company is known by this, and only known ones are updated.")
                verdicts.refused[number] = (self.mapping.key, reason)
                return
            draft.tell(fields)
            verdicts.outcomes[number] = Outcome.CREATED
            return
        if self._import.mode == Mode.CREATE:
            draft.names.clear()
        else:
            draft.tell(self._ruled(fields, draft))
        verdicts.outcomes[number] = Outcome.UPDATED if draft.is_changed else Outcome.UNCHANGED

    def _ruled(self, fields: CompanyFields, draft: Draft) -> CompanyFields:
        """Return what may be written of a known company; a chunk may be written anew, so of a copy."""
        company, kept = draft.company, copy(fields)
        if self._rules.leaves("name", is_empty=not company.name):
            kept.name = None
        if self._rules.leaves("domain", is_empty=not company.domain):
            kept.domain = None
        kept.values = {
            key: value
            for key, value in fields.values.items()
            if not self._rules.leaves(f"attr:{key}", is_empty=key not in company.attributes)
        }
        return kept


def _once(told: Mapping[int, _Row], verdicts: Verdicts) -> dict[int, _Row]:
    """Return the rows that are the first about a company; the others have their verdict."""
    rows: dict[int, _Row] = {}
    met: dict[Name, Name] = {}
    for number, (fields, name) in told.items():
        if met.get(name) == name:
            verdicts.outcomes[number] = Outcome.DUPLICATE
        elif any(one in met for one in names_of(fields)):
            reason = _("One of its identities, or its domain, belongs to another row of this file.")
            verdicts.refused[number] = ("", reason)
        else:
            met.update(dict.fromkeys(names_of(fields), name))
            rows[number] = (fields, name)
    return rows
