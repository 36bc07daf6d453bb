"""The rows of a file of events, kept as the API keeps them: each once, durable, held against its schema."""

from collections.abc import Collection
from datetime import datetime
from typing import cast

from django.db import transaction
from django.utils.translation import gettext as _

from apps.contacts import eventlog
from apps.contacts.addresses import AddressInvalid, identity_normalise
from apps.contacts.importkinds import property_split
from apps.contacts.mapping import Prepared
from apps.contacts.models import Attribute, ImportFile
from apps.contacts.services.events import (
    EARLIEST,
    EventIn,
    EventInvalid,
    EventOutcome,
    event_row,
    events_keep,
    events_plan,
)
from apps.contacts.services.import_rows import (
    RowReader,
    RowRefused,
    Told,
    Verdicts,
    Written,
    key_of,
    keys_claim,
)
from apps.contacts.services.imports import column_map
from apps.contacts.staging import Outcome
from apps.contacts.values import AttributeInvalid, value_parse
from apps.core import partitions

SOURCE = "import"  # as the list of events names where they come from: one for all files
OUTCOMES = {
    EventOutcome.RECORDED: Outcome.CREATED,
    EventOutcome.QUARANTINED: Outcome.CREATED,
    EventOutcome.DUPLICATE: Outcome.DUPLICATE,
}


class EventRows(RowReader[EventIn]):
    def __init__(self, import_file: ImportFile) -> None:
        super().__init__(column_map(import_file))
        self._import = import_file
        self._properties = [
            (target, *split)
            for target in self.mapping.targets
            if target and (split := property_split(target)) is not None
        ]

    def read(self, cells: list[str]) -> EventIn:
        key = self.mapping.key
        if not self.cell(cells, key):
            raise RowRefused(key, _("This is empty, so nobody can tell who the row is about."))
        try:
            identity = identity_normalise(self.mapping.key_namespace, self.cell(cells, key))
        except AddressInvalid as error:
            raise RowRefused(key, str(error)) from error
        moment = self._value(cells, "occurred_at", Attribute.Type.DATETIME)
        if moment is None:
            raise RowRefused("occurred_at", _("This is empty, so nobody can tell when it happened."))
        told = {name: self._value(cells, target, kind) for target, name, kind in self._properties}
        return EventIn(
            name=self.cell(cells, "event"),
            occurred_at=datetime.fromisoformat(cast(str, moment)),
            identity=identity,
            properties={name: value for name, value in told.items() if value is not None},
            message_id=self.cell(cells, "message_id"),
        )

    def _value(self, cells: list[str], target: str, kind: Attribute.Type) -> object:
        try:
            return value_parse(kind, self.cell(cells, target))
        except AttributeInvalid as error:
            raise RowRefused(target, str(error)) from error

    def ready(self, prepared: Prepared) -> None:
        """Make the months that the events are of: their table is locked for it, so not for a whole chunk."""
        assert isinstance(prepared, Told), "prepared by this class"
        if self._import.is_dry_run:
            return
        times = {event.occurred_at for event in prepared.told.values()}
        with transaction.atomic():
            for month in sorted({partitions.month_of(at) for at in times if at >= EARLIEST}):
                partitions.month_partition_ensure(eventlog.TABLE, month)

    def write(self, prepared: Prepared, *, wanted: Collection[Outcome], now: datetime) -> Written:
        assert isinstance(prepared, Told), "prepared by this class"
        verdicts = Verdicts()
        rows: dict[int, eventlog.Row] = {}
        for number, event in prepared.told.items():
            try:
                rows[number] = event_row(event, now=now)
            except (EventInvalid, AddressInvalid) as error:
                verdicts.refused[number] = ("", str(error))
        if self._import.is_dry_run:
            verdicts.outcomes = self._planned(rows)
        else:
            results = events_keep(rows=rows, source=SOURCE, now=now, import_id=self._import.pk)
            verdicts.outcomes = {number: OUTCOMES[result.outcome] for number, result in results.items()}
        return self.written(prepared, verdicts, wanted)

    def _planned(self, rows: dict[int, eventlog.Row]) -> dict[int, Outcome]:
        """Return how the rows will end, of which nothing is written."""
        owners, taken = events_plan(rows=rows)
        keys = {
            number: key_of(owners.get(number) or row.identity, row.message_key)
            for number, row in rows.items()
            if number not in taken
        }
        first = keys_claim(self._import.pk, keys)
        return {number: Outcome.CREATED if number in first else Outcome.DUPLICATE for number in rows}
