"""The rows of a file of contacts: staged by COPY, planned and carried out by statements (`staging`)."""

from bisect import bisect_left
from collections.abc import Collection
from datetime import datetime

from django.utils.translation import gettext as _

from apps.contacts import staging
from apps.contacts.csvfile import Chunk, Fault, cells_shown
from apps.contacts.mapping import Prepared, Preparer
from apps.contacts.models import ImportFile
from apps.contacts.services.import_rows import LOOKED_AT, Written
from apps.contacts.services.imports import column_map, consent_check, field_rules
from apps.contacts.staging import Outcome, Terms


class ContactRows:
    def __init__(self, import_file: ImportFile) -> None:
        mapping = column_map(import_file)
        self.width = len(mapping.names)
        self._by = import_file.by
        self._preparer = Preparer(mapping)
        self._terms = Terms(
            namespace=mapping.key_namespace,
            mode=import_file.mode,
            consent=consent_check(import_file.consent),
            import_id=import_file.pk,
            is_dry_run=import_file.is_dry_run,
            rules=field_rules(import_file),
        )

    def prepare(self, chunk: Chunk) -> Prepared:
        return self._preparer.prepare(chunk)

    def ready(self, prepared: Prepared) -> None:
        """Nothing is needed."""

    def write(self, prepared: Prepared, *, wanted: Collection[Outcome], now: datetime) -> Written:
        if not prepared.lines:
            return Written(dict.fromkeys(Outcome, 0), {}, [])
        staging.run(lines=prepared.lines, names=prepared.names, terms=self._terms, by=self._by, now=now)
        counts = dict.fromkeys(Outcome, 0) | staging.counts()
        places = {outcome: staging.rows_of(outcome, limit=LOOKED_AT) for outcome in wanted if counts[outcome]}
        reasons = {
            Outcome.CLASH: _("One of its identities belongs to another contact."),
            Outcome.STRANGER: _("Nobody is known by this, and only known contacts are updated."),
        }
        faults = [
            Fault(row, "", reason, cells_shown(_cells(prepared, row)))
            for outcome, reason in reasons.items()
            if counts[outcome]
            for row in staging.rows_of(outcome)
        ]
        return Written(counts, places, faults)


def _cells(prepared: Prepared, row: int) -> list[str]:
    return prepared.chunk.rows[bisect_left(prepared.chunk.numbers, row)]
