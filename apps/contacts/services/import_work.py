"""
The work of an import: chunk after chunk, each with its counts and faults in one transaction.

A worker that is killed leaves an import leased; once the lease is over, the next one goes on behind the last
chunk that was committed. While the database works on a chunk, the next one is read in a thread of its own.
"""

import logging
import math
import time
from bisect import bisect_left
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from celery.exceptions import SoftTimeLimitExceeded
from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.collaboration import services as collaboration
from apps.contacts import csvfile, staging
from apps.contacts.csvfile import Fault, Reader, cells_shown
from apps.contacts.forgotten import forgotten
from apps.contacts.mapping import Prepared
from apps.contacts.models import ImportFault, ImportFile, ImportFileQuerySet
from apps.contacts.services.import_companies import CompanyRows
from apps.contacts.services.import_contacts import ContactRows
from apps.contacts.services.import_events import EventRows
from apps.contacts.services.import_members import MemberRows
from apps.contacts.services.import_rows import LOOKED_AT, SAMPLES, Rows
from apps.contacts.services.imports import RUN_TASK, ImportRefused, file_raw, keys_thin
from apps.contacts.staging import Outcome
from apps.core.overlap import cycles_kept, interpreter_share
from apps.core.queues import ring

logger = logging.getLogger(__name__)

State = ImportFile.State
LEASE_TIME = timedelta(minutes=2)  # renewed with every chunk
ROWS: Mapping[ImportFile.About, Callable[[ImportFile], Rows]] = {
    ImportFile.About.CONTACTS: ContactRows,
    ImportFile.About.COMPANIES: CompanyRows,
    ImportFile.About.MEMBERS: MemberRows,
    ImportFile.About.EVENTS: EventRows,
}
FIRST_ROWS = 1_000  # of the first chunk, which tells how wide rows are
CHUNK_ROWS = 20_000
CHUNK_BYTES = 4 << 20  # wide rows come in smaller chunks, so that memory stays flat
CHUNKS_PER_RING = 30
SECONDS_PER_RING = 45  # the task's own limit leaves as much again to the chunk in hand
# Classes of SQLSTATE: connection, rollback of a deadlock, resources, locks, a server going down. Not 54, a
# limit that the same row meets again, nor 57014, a statement that takes too long each time.
PASSING = ("08", "40", "53", "55", "57P")
TRIES = 3  # of a chunk that met somebody else's new contact


class _LeaseLost(Exception):
    """Cancelled, or another worker has taken over."""


@dataclass
class _Work:
    """One worker's hold on one import; the token is part of every statement about it."""

    import_file: ImportFile
    token: UUID
    now: datetime
    began: float = field(default_factory=time.monotonic)

    @property
    def moment(self) -> datetime:
        """When a chunk arrives: not when its file began, or whoever counts what is new would miss it."""
        return self.now + timedelta(seconds=time.monotonic() - self.began)

    def held(self) -> ImportFileQuerySet:
        rows = ImportFile.objects.filter(pk=self.import_file.pk, state=State.RUNNING)
        return rows.filter(lease_token=self.token)


def imports_run(*, now: datetime) -> None:
    """Work some chunks of one import and ring for the rest. May run at any time, many times at once."""
    work = _claim(ImportFile.objects.all(), now=now)
    if work is not None:
        _work(work, chunks=CHUNKS_PER_RING, seconds=SECONDS_PER_RING)
        ring(RUN_TASK)


def import_run(*, import_file: ImportFile, now: datetime) -> ImportFile:
    """
    Work one import to its end, in the process of the caller.

    :raises ImportRefused: another worker has it
    """
    work = _claim(ImportFile.objects.filter(pk=import_file.pk), now=now)
    if work is None:
        raise ImportRefused(_("This import is being worked on already."))
    _work(work, chunks=None)
    import_file.refresh_from_db()
    return import_file


@transaction.atomic(durable=True)
def _claim(imports: ImportFileQuerySet, *, now: datetime) -> _Work | None:
    free = imports.claimable(at=now).order_by("pk").select_for_update(skip_locked=True, no_key=True)
    import_file = free.first()
    if import_file is None:
        return None
    import_file.state = State.RUNNING
    import_file.started_at = import_file.started_at or now
    import_file.lease_token = uuid4()
    import_file.leased_until = now + LEASE_TIME
    import_file.save(update_fields=["state", "started_at", "lease_token", "leased_until", "updated_at"])
    return _Work(import_file, import_file.lease_token, now)


def _work(work: _Work, *, chunks: int | None, seconds: float | None = None) -> None:
    try:
        is_finished = _chunks_write(work, chunks=chunks, seconds=seconds)
        if is_finished:
            _finish(work, State.DONE)
        else:
            _let_go(work)
    except SoftTimeLimitExceeded:
        _let_go(work)  # the chunk in hand is undone; whoever hears the next ring does it again
    except _LeaseLost:
        logger.info("import %s was cancelled or taken over", work.import_file.pk)
    except FileNotFoundError:
        _finish(work, State.FAILED, error=_("The file is no longer where it was kept."))
    except Exception as error:
        if _passes(error):
            raise  # the database is away: once the lease is over, somebody goes on
        logger.exception("import %s stopped", work.import_file.pk)
        _finish(
            work, State.FAILED, error=_("It stopped on a fault of ours. What was counted is in; try again.")
        )


def _passes(error: Exception) -> bool:
    """Test if the same chunk may do better in a while, because nothing is wrong with it."""
    if isinstance(error, InterfaceError):
        return True
    state = getattr(error.__cause__, "sqlstate", None)  # None: there was no server to give one
    return isinstance(error, OperationalError) and (state is None or state.startswith(PASSING))


def _let_go(work: _Work) -> None:
    """Free the import for whoever hears the next ring."""
    work.held().update(leased_until=Now())


def _chunks_write(work: _Work, *, chunks: int | None, seconds: float | None) -> bool:
    """Write up to this many chunks, for about this long, or all; True once the file is at its end."""
    until = math.inf if seconds is None else time.monotonic() + seconds
    import_file = work.import_file
    rows = ROWS[ImportFile.About(import_file.about)](import_file)
    with (
        import_file.file.open("rb") as stored,
        csvfile.as_utf8(file_raw(stored), import_file.encoding) as file,
    ):
        import_file.bytes_total = file.seek(0, 2)
        reader = Reader(
            file,
            delimiter=import_file.delimiter,
            width=rows.width,
            offset=import_file.bytes_done,
            row=import_file.row_done,
        )
        if import_file.bytes_done == 0:
            reader.header_skip()
        with cycles_kept(), closing(_read_ahead(reader, rows)) as source:
            for done, prepared in enumerate(source, start=1):
                _chunk_write(work, prepared, rows)
                if done == chunks or time.monotonic() >= until:
                    return False
    return True


def _read_ahead(reader: Reader, rows: Rows) -> Generator[Prepared, None, None]:
    """Yield the chunks of the file; while the caller writes one, the next is read."""

    def read(size: int) -> Prepared | None:
        chunk = reader.chunk(size)
        return None if chunk is None else rows.prepare(chunk)

    interpreter_share()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="import-read") as pool:
        size, end = FIRST_ROWS, 0
        ahead = pool.submit(read, size)
        while (prepared := ahead.result()) is not None:
            width = max(1, (prepared.chunk.end - end) // size)
            size, end = max(100, min(CHUNK_ROWS, CHUNK_BYTES // width)), prepared.chunk.end
            ahead = pool.submit(read, size)
            yield prepared


def _chunk_write(work: _Work, prepared: Prepared, rows: Rows) -> None:
    rows.ready(prepared)
    for attempt in range(1, TRIES + 1):
        try:
            with transaction.atomic():
                _commit_without_waiting()
                samples = _chunk_commit(work, prepared, rows)
        except IntegrityError:
            if attempt == TRIES:
                raise
        else:
            work.import_file.samples = samples
            return


def _commit_without_waiting() -> None:
    """
    Let this transaction's commit return before the disk has it.

    Rows and the place in the file are lost together or not at all, and the commit that ends the import waits
    for all that came before it. A sixth of an import's time was spent waiting.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")


def _chunk_commit(work: _Work, prepared: Prepared, rows: Rows) -> dict[str, list[object]]:
    import_file = work.import_file
    # Before anything else, as an erasure takes it: what is kept of rows below is kept of the living.
    staging.lock()
    if not work.held().update(leased_until=Now() + LEASE_TIME):
        raise _LeaseLost
    # The row is ours until the end; what stands in it may have been taken out for somebody who was erased.
    import_file.samples = work.held().values_list("samples", flat=True).get()
    wanted = [outcome for outcome in SHOWN if len(import_file.samples.get(outcome, [])) < SAMPLES]
    written = rows.write(prepared, wanted=wanted, now=work.moment)
    counts, places, faults = written.counts, written.places, [*prepared.faults, *written.faults]
    counts[Outcome.INVALID] = len(faults)
    counts[Outcome.DUPLICATE] += len(prepared.duplicates)
    if Outcome.DUPLICATE in wanted:
        places[Outcome.DUPLICATE] = sorted([*places.get(Outcome.DUPLICATE, []), *prepared.duplicates])
    places, faults = _unerased(prepared, places, faults)
    ImportFault.objects.bulk_create(
        ImportFault(
            import_file=import_file, row=f.row, column=f.column[:200], reason=f.reason[:500], cells=[*f.cells]
        )
        for f in faults
    )
    samples = _samples(import_file, prepared, places, faults)
    kept = {outcome: F(outcome) + counts[outcome] for outcome in COUNTED if counts[outcome]}
    work.held().update(
        rows_total=F("rows_total") + sum(counts[outcome] for outcome in COUNTED),
        bytes_total=import_file.bytes_total,
        bytes_done=prepared.chunk.end,
        row_done=prepared.chunk.row_done,
        samples=samples,
        updated_at=Now(),
        **kept,
    )
    return samples


SHOWN = (Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED, Outcome.SUPPRESSED, Outcome.DUPLICATE)
COUNTED = (*SHOWN, Outcome.INVALID)


def _unerased(
    prepared: Prepared, places: Mapping[Outcome, Sequence[int]], faults: Sequence[Fault]
) -> tuple[dict[Outcome, list[int]], list[Fault]]:
    """Return what may be kept of these rows: nothing of somebody who was erased."""
    shown = {outcome: rows[:LOOKED_AT] for outcome, rows in places.items()}
    cells = {row: _cells(prepared, row) for rows in shown.values() for row in rows}
    gone = forgotten(cells | {fault.row: [*fault.cells] for fault in faults})
    erased = str(_("Erased"))
    return (
        {outcome: [row for row in rows if row not in gone] for outcome, rows in shown.items()},
        [replace(fault, reason=erased, cells=()) if fault.row in gone else fault for fault in faults],
    )


def _cells(prepared: Prepared, row: int) -> list[str]:
    return prepared.chunk.rows[bisect_left(prepared.chunk.numbers, row)]


def _samples(
    import_file: ImportFile, prepared: Prepared, places: Mapping[Outcome, list[int]], faults: list[Fault]
) -> dict[str, list[object]]:
    """Return the first rows of each outcome, with those of this chunk."""
    names = [column["name"] for column in import_file.columns]
    samples: dict[str, list[object]] = {outcome: [*rows] for outcome, rows in import_file.samples.items()}
    for outcome, rows in places.items():
        shown = samples.setdefault(outcome, [])
        for row in rows[: SAMPLES - len(shown)]:
            cells = (cell[:80] for cell in cells_shown(_cells(prepared, row)))
            shown.append({"row": row, "values": dict(zip(names, cells, strict=True))})
    invalid = samples.setdefault(Outcome.INVALID, [])
    for fault in sorted(faults, key=lambda fault: fault.row)[: SAMPLES - len(invalid)]:
        invalid.append({"row": fault.row, "column": fault.column, "reason": fault.reason})
    return {outcome: rows for outcome, rows in samples.items() if rows}


@transaction.atomic
def _finish(work: _Work, state: ImportFile.State, *, error: str = "") -> None:
    ended = work.held().update(
        state=state,
        error=error,
        finished_at=Now(),
        bytes_total=work.import_file.bytes_total,
        lease_token=None,
        leased_until=None,
        updated_at=Now(),
    )
    if not ended:
        logger.info("import %s was cancelled or taken over at its end", work.import_file.pk)
        return
    if state == State.DONE:  # one that failed may go on, and has to know then whom it has met
        keys_thin(work.import_file)
    collaboration.audit_record(
        action=f"import.{state}", subject=work.import_file, by=work.import_file.by, now=work.now
    )
    _tell(work, state)


def _tell(work: _Work, state: ImportFile.State) -> None:
    """Tell whoever waits for it; after a check they mostly still look at the page."""
    import_file = work.import_file
    if import_file.by is None or (import_file.is_dry_run and state == State.DONE):
        return
    sentence = _("%(file)s is in.") if state == State.DONE else _("The import of %(file)s failed.")
    collaboration.notify(
        users=[import_file.by],
        text=sentence % {"file": import_file.file_name},
        url=reverse("contacts:import-detail", args=[import_file.pk]),
        now=work.now,
        kind="import",
    )
