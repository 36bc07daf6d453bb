"""The rows of a file of contacts: staged by COPY, planned and carried out by statements (`staging`)."""

from bisect import bisect_left
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from itertools import islice

from django.utils.translation import gettext as _

from apps.contacts import staging
from apps.contacts.csvfile import Chunk, Fault, cells_shown
from apps.contacts.mapping import Prepared, Preparer
from apps.contacts.models import ImportFile
from apps.contacts.rowdigests import RowDigests
from apps.contacts.services.import_rows import LOOKED_AT, Written
from apps.contacts.services.imports import column_map, consent_check, field_rules
from apps.contacts.staging import Outcome, Terms

PATIENCE = 8  # chunks that are read without asking first, after one in which most rows were not known


class ContactRows:
    """
    The work on the rows of a file of contacts.

    If an import on the same terms came before it, each chunk is first asked which of its rows that one took,
    of contacts that are as it left them (`knownrows`); only the others are read.
    """

    def __init__(self, import_file: ImportFile) -> None:
        mapping = column_map(import_file)
        self.width = len(mapping.names)
        self._by = import_file.by
        self._terms = Terms(
            namespace=mapping.key_namespace,
            mode=import_file.mode,
            consent=consent_check(import_file.consent),
            import_id=import_file.pk,
            is_dry_run=import_file.is_dry_run,
            rules=field_rules(import_file),
        )
        digests = RowDigests(mapping, terms=self._terms)
        self._preparer = Preparer(mapping, digests=digests.of)
        earlier_id = _earlier(import_file, digests.fingerprint)
        self._known = staging.known_rows(self._terms, earlier_id=earlier_id) if earlier_id else None
        self._unasked = 0  # chunks yet to come that are read without asking

    def prepare(self, chunk: Chunk) -> Prepared:
        if self._known is None or not chunk.rows:
            return self._preparer.prepare(chunk)
        if self._unasked:
            self._unasked -= 1
            return self._preparer.prepare(chunk)
        return Prepared(chunk=chunk, sketch=self._preparer.sketch(chunk))

    def ready(self, prepared: Prepared) -> None:
        """Nothing is needed."""

    def write(self, prepared: Prepared, *, wanted: Collection[Outcome], now: datetime) -> Written:
        if prepared.sketch is None or self._known is None:
            return self._lines_write(prepared, wanted=wanted, now=now)
        unknown = self._known.take(prepared.sketch, count=len(prepared.chunk.rows))
        unknown |= prepared.sketch.left_out
        if 2 * len(unknown) > len(prepared.chunk.rows):
            self._unasked = PATIENCE
        prepared.take(self._preparer.prepare(_of(prepared.chunk, unknown)))
        written = self._lines_write(prepared, wanted=wanted, now=now)
        written.counts[Outcome.UNCHANGED] += len(prepared.chunk.rows) - len(unknown)
        if Outcome.UNCHANGED in wanted:
            known = (number for number in prepared.chunk.numbers if number not in unknown)
            unchanged = [*written.places.get(Outcome.UNCHANGED, []), *islice(known, LOOKED_AT)]
            written.places[Outcome.UNCHANGED] = sorted(unchanged)[:LOOKED_AT]
        return written

    def _lines_write(self, prepared: Prepared, *, wanted: Collection[Outcome], now: datetime) -> Written:
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


def _earlier(import_file: ImportFile, fingerprint: str) -> int | None:
    """Have the import say on what terms it takes rows; return the last one on the same, if there is any."""
    if import_file.fingerprint != fingerprint:
        import_file.fingerprint = fingerprint
        import_file.save(update_fields=["fingerprint"])
    alike = ImportFile.objects.taken().filter(fingerprint=fingerprint).exclude(pk=import_file.pk)
    return alike.order_by("-pk").values_list("pk", flat=True).first()


def _of(chunk: Chunk, numbers: Collection[int]) -> Chunk:
    """Return the chunk with these rows only; what is wrong with others stays."""
    kept = [place for place, number in enumerate(chunk.numbers) if number in numbers] if numbers else []
    return replace(
        chunk, numbers=[chunk.numbers[place] for place in kept], rows=[chunk.rows[place] for place in kept]
    )


def _cells(prepared: Prepared, row: int) -> list[str]:
    return prepared.chunk.rows[bisect_left(prepared.chunk.numbers, row)]
