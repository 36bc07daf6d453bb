"""
How a file comes in: looked at while a person waits; a large workbook is read by a worker.

A workbook is kept as it came until one of its sheets is read; from then on there is a CSV file in its place.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from tempfile import TemporaryFile
from typing import Any, BinaryIO, cast
from uuid import uuid4

from celery.exceptions import SoftTimeLimitExceeded
from django.core.files import File
from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.contacts import csvfile, guesses
from apps.contacts.importkinds import kind_of
from apps.contacts.models import Attribute, ImportFile, ImportFileQuerySet, ImportMapping
from apps.contacts.services.imports import ImportRefused, file_check, file_raw, import_start
from apps.core.errors import DomainError
from apps.core.queues import ring

logger = logging.getLogger(__name__)

State = ImportFile.State
READ_TASK = "apps.contacts.tasks.workbooks_read"
SHEETS = 100  # shown to choose from
LEASE_TIME = timedelta(minutes=2)  # renewed each second while rows are read
READ_AT_ONCE = 1 << 20  # bytes, unpacked: some three thousand rows, in less than a second


class _LeaseLost(Exception):
    """Cancelled, or another worker has taken over."""


def import_upload(
    *,
    file: "File[bytes]",
    by: User | None,
    encoding: str = "",
    delimiter: str = "",
    sheet: str = "",
    about: str = ImportFile.About.CONTACTS,
    terms: Mapping[str, Any] | None = None,
    saved_mapping: ImportMapping | None = None,
) -> ImportFile:
    """
    Keep a file that can be imported, with a guess for each column; nothing else is written yet.

    Of an Excel workbook one sheet is taken: `sheet`, or the only one; where there are several it waits for
    `import_sheet_choose`. A small workbook is read at once, a large one by a worker; then `terms`, as
    `import_start` takes them, start the import once it is read. They start nothing that is a draft at once.
    `saved_mapping` notes where the terms are from.

    :raises FileRefused: empty, neither CSV nor a workbook, not what its name says, no such sheet, no header,
        two columns of one name, an encoding that cannot be told
    """
    raw = file_raw(file)
    name = (file.name or "contacts.csv").rpartition("/")[2]
    book = csvfile.workbook_look(raw, name=name)
    if book is None and sheet:
        raise csvfile.FileRefused(_("This file is not an Excel workbook: it has no sheets to choose from."))
    import_file = ImportFile(
        by=by,
        about=about,
        file_name=name[-200:],
        file_size=file.size,
        saved_mapping=saved_mapping,
    )
    if book is None:
        return _csv_take(import_file, file, encoding=encoding, delimiter=delimiter)
    chosen = book.sheet(sheet) if sheet else book.sheets[0] if len(book.sheets) == 1 else ""
    import_file.sheets, import_file.sheet = [*book.sheets[:SHEETS]], chosen
    if chosen and book.unpacked <= READ_AT_ONCE:
        return _sheet_take(import_file, raw)
    raw.seek(0)
    import_file.file.save("contacts.xlsx", file, save=False)  # as in `_csv_take`
    return _line_up(import_file, terms=terms)


def _csv_take(import_file: ImportFile, file: "File[bytes]", *, encoding: str, delimiter: str) -> ImportFile:
    raw = file_raw(file)
    encoding = encoding or csvfile.encoding_detect(raw)
    _columns_set(import_file, raw, encoding=encoding, delimiter=delimiter)
    raw.seek(0)
    # A name of our own: what a file is called elsewhere says nothing about where it may be kept.
    import_file.file.save("contacts.csv", file, save=False)
    import_file.save()
    return import_file


def _sheet_take(import_file: ImportFile, raw: BinaryIO) -> ImportFile:
    """Read the sheet of a small workbook while the person waits."""
    with TemporaryFile() as copy:
        rows = cast(BinaryIO, copy)
        csvfile.sheet_write(raw, sheet=import_file.sheet, copy=rows)
        _columns_set(import_file, rows, encoding="utf-8", delimiter=",")
        _keep(import_file, rows)
    import_file.save()
    return import_file


@transaction.atomic
def import_sheet_choose(*, import_file: ImportFile, sheet: str) -> ImportFile:
    """
    Say which sheet of a workbook is to be read; a worker reads it.

    :raises ImportRefused: nobody is asked for a sheet any more, or there is none of this name
    """
    import_file = ImportFile.objects.select_for_update(no_key=True).get(pk=import_file.pk)
    if import_file.state != State.SHEET:
        raise ImportRefused(_("The sheet has been chosen already."))
    if sheet not in import_file.sheets:
        raise ImportRefused(_("The workbook has no such sheet."))
    file_check(import_file)
    import_file.sheet = sheet
    return _line_up(import_file, terms=None)


def import_reread(*, import_file: ImportFile, encoding: str, delimiter: str) -> ImportFile:
    """
    Read a draft's columns again in another encoding or with another delimiter.

    :raises FileRefused: it cannot be read like this
    :raises ImportRefused: it has been started, or came as a workbook
    """
    if not import_file.is_startable:
        raise ImportRefused(_("This import has been started already."))
    if import_file.sheet:
        raise ImportRefused(_("A sheet of a workbook can be read in one way only."))
    file_check(import_file)
    if encoding not in csvfile.ENCODINGS:
        raise csvfile.FileRefused(_("This encoding is not known."))
    with import_file.file.open("rb") as file:
        _columns_set(import_file, file_raw(file), encoding=encoding, delimiter=delimiter)
    import_file.mapping = {}
    import_file.save(update_fields=["encoding", "delimiter", "columns", "mapping", "updated_at"])
    return import_file


def import_discard(*, import_file: ImportFile) -> None:
    """Forget a file that was never started."""
    unstarted = ImportFile.objects.filter(pk=import_file.pk, state__in=[State.DRAFT, State.SHEET])
    deleted, _by_model = unstarted.delete()
    if deleted:
        import_file.file.delete(save=False)


def workbooks_read(*, now: datetime) -> None:
    """Read the chosen sheet of one workbook, and ring for the next. May run many times at once."""
    import_file = _claim(ImportFile.objects.all(), now=now)
    if import_file is not None:
        _read(import_file, now=now)
        ring(READ_TASK)


def workbook_read(*, import_file: ImportFile, now: datetime) -> ImportFile:
    """
    Read the chosen sheet in the process of the caller.

    :raises ImportRefused: another worker has it
    """
    claimed = _claim(ImportFile.objects.filter(pk=import_file.pk), now=now)
    if claimed is None:
        raise ImportRefused(_("This import is being worked on already."))
    _read(claimed, now=now)
    import_file.refresh_from_db()
    return import_file


@transaction.atomic
def _line_up(import_file: ImportFile, *, terms: Mapping[str, Any] | None) -> ImportFile:
    import_file.terms = dict(terms or {})
    import_file.state = State.READING if import_file.sheet else State.SHEET
    import_file.save()
    ring(READ_TASK)
    return import_file


@transaction.atomic(durable=True)
def _claim(imports: ImportFileQuerySet, *, now: datetime) -> ImportFile | None:
    free = imports.readable(at=now).order_by("pk").select_for_update(skip_locked=True, no_key=True)
    import_file = free.first()
    if import_file is None:
        return None
    import_file.started_at = now
    import_file.lease_token, import_file.leased_until = uuid4(), now + LEASE_TIME
    import_file.save(update_fields=["started_at", "lease_token", "leased_until", "updated_at"])
    return import_file


def _held(import_file: ImportFile) -> ImportFileQuerySet:
    """Every statement about a workbook that is being read names the token of its reader."""
    rows = ImportFile.objects.filter(pk=import_file.pk, state=State.READING)
    return rows.filter(lease_token=import_file.lease_token)


def _read(import_file: ImportFile, *, now: datetime) -> None:
    workbook = str(import_file.file.name)
    try:
        with TemporaryFile() as copy, import_file.file.open("rb") as stored:
            rows = cast(BinaryIO, copy)
            csvfile.sheet_write(
                file_raw(stored), sheet=import_file.sheet, copy=rows, tell=_Progress(import_file)
            )
            _columns_set(import_file, rows, encoding="utf-8", delimiter=",")
            _keep(import_file, rows)
    except _LeaseLost:
        logger.info("workbook %s was cancelled or taken over", import_file.pk)
        return
    except csvfile.FileRefused as refusal:
        _fail(import_file, str(refusal))
        return
    except FileNotFoundError:
        _fail(import_file, _("The file is no longer where it was kept."))
        return
    except SoftTimeLimitExceeded:
        _fail(import_file, _("This workbook takes too long to be read. Save the sheet as “CSV UTF-8” first."))
        return
    if _settle(import_file, now=now):
        import_file.file.storage.delete(workbook)
    else:
        import_file.file.delete(save=False)  # somebody cancelled it in the last second


class _Progress:
    """Tells the row how far its reader is, and lengthens the lease."""

    SCALE = 1_000

    def __init__(self, import_file: ImportFile) -> None:
        self._import_file = import_file

    def __call__(self, rows: int, part: float) -> None:
        told = {"row_done": rows, "bytes_done": int(part * self.SCALE), "bytes_total": self.SCALE}
        if not _held(self._import_file).update(leased_until=Now() + LEASE_TIME, **told):
            raise _LeaseLost


@transaction.atomic
def _settle(import_file: ImportFile, *, now: datetime) -> bool:
    """Make a draft of what is read, or start it at once; False where it is not ours any more."""
    settled = _held(import_file).update(
        file=import_file.file.name,
        encoding=import_file.encoding,
        delimiter=import_file.delimiter,
        columns=import_file.columns,
        state=State.DRAFT,
        lease_token=None,
        leased_until=None,
        started_at=None,
        row_done=0,
        bytes_done=0,
        bytes_total=0,
        updated_at=Now(),
    )
    if not settled:
        return False
    import_file.state = State.DRAFT
    if import_file.terms:
        _start(import_file, now=now)
    else:
        _tell(import_file, _("%(file)s is read. Say what its columns are."), now=now)
    return True


def _start(import_file: ImportFile, *, now: datetime) -> None:
    try:
        with transaction.atomic():
            import_start(import_file=import_file, by=import_file.by, now=now, **import_file.terms)
    except DomainError as refusal:
        ImportFile.objects.filter(pk=import_file.pk).update(
            state=State.FAILED, error=str(refusal)[:500], finished_at=Now(), updated_at=Now()
        )
        _tell(import_file, _("The import of %(file)s failed."), now=now)


@transaction.atomic
def _fail(import_file: ImportFile, error: str) -> None:
    failed = _held(import_file).update(
        state=State.FAILED,
        error=error[:500],
        finished_at=Now(),
        lease_token=None,
        leased_until=None,
        updated_at=Now(),
    )
    if failed:
        _tell(import_file, _("%(file)s could not be read."), now=import_file.started_at)


def _tell(import_file: ImportFile, sentence: str, *, now: datetime | None) -> None:
    if import_file.by and now:
        collaboration.notify(
            users=[import_file.by],
            text=sentence % {"file": import_file.file_name},
            url=reverse("contacts:import-detail", args=[import_file.pk]),
            now=now,
            kind="import",
        )


def _columns_set(import_file: ImportFile, raw: BinaryIO, *, encoding: str, delimiter: str) -> None:
    """Tell from a CSV file what its columns are, and what they may mean."""
    layout = csvfile.layout_detect(raw, encoding=encoding, delimiter=delimiter)
    import_file.encoding, import_file.delimiter = encoding, layout.delimiter
    kind = kind_of(import_file.about)
    entries = list(Attribute.current.of(kind.subject).only("key", "label", "type", "is_computed"))
    dictionary = {entry.key: (entry.label, entry.type) for entry in entries}
    computed = {entry.key for entry in entries if entry.is_computed}
    found = guesses.columns_guess(layout, dictionary, kind=kind, computed=computed)
    import_file.columns = [guess.as_json() for guess in found]


def _keep(import_file: ImportFile, rows: BinaryIO) -> None:
    rows.seek(0)
    import_file.file.save("contacts.csv", File(rows), save=False)
