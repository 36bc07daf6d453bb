"""Imports as pages and programs are told of them."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Func
from django.utils.translation import gettext_lazy as _

from apps.contacts.csvfile import FAULT_COLUMNS
from apps.contacts.models import ImportFile, ImportMapping
from apps.contacts.registries import Text
from apps.contacts.selectors.undo import import_undo_result, undo_as_data
from apps.core.downloads import Echo, cell

MAPPINGS_SHOWN = 10
COUNTS = ("created", "updated", "unchanged", "invalid", "suppressed", "duplicate")


@dataclass(frozen=True)
class ImportProgress:
    """How far an import is, by the bytes of its file; `rate` is rows per minute."""

    done: int
    total: int
    rows: int
    rate: float | None
    elapsed: timedelta | None
    left: timedelta | None


def import_progress(import_file: ImportFile, *, now: datetime) -> ImportProgress:
    done, total = import_file.bytes_done, max(import_file.bytes_total, import_file.bytes_done, 1)
    if import_file.started_at is None:
        return ImportProgress(done, total, import_file.rows_total, None, None, None)
    elapsed = (import_file.finished_at or now) - import_file.started_at
    seconds = elapsed.total_seconds()
    rate = 60 * import_file.rows_total / seconds if seconds > 0 else None
    is_measured = import_file.is_open and done and seconds > 0
    left = elapsed * ((total - done) / done) if is_measured else None
    return ImportProgress(done, total, import_file.rows_total, rate, elapsed, left)


@dataclass(frozen=True)
class OutcomeLine:
    """How many rows ended like this, what that means, and the first of them."""

    name: str
    label: Text
    meaning: Text
    count: int
    samples: Sequence[dict[str, Any]]


def import_outcomes(import_file: ImportFile) -> list[OutcomeLine]:
    """Return a line for each outcome; the counts sum to the rows of the file."""
    words = _WORDS["contacts"] | _WORDS[import_file.about]
    return [
        OutcomeLine(name, *told, getattr(import_file, name), import_file.samples.get(name, []))
        for name in COUNTS
        if (told := words[name])
    ]


# How the rows of a file end, by what it is about; where it is not said, as with contacts. Never: `None`.
_WORDS: dict[str, dict[str, tuple[Text, Text] | None]] = {
    "contacts": {
        "created": (_("Added"), _("Nobody knew them before.")),
        "updated": (_("Updated"), _("Known, and something about them is new.")),
        "unchanged": (_("Unchanged"), _("Known, and the file says nothing new.")),
        "invalid": (_("Refused"), _("Left out; the reason stands in the error file.")),
        "suppressed": (_("Suppressed"), _("Never written to: left as they are.")),
        "duplicate": (
            _("Duplicate"),
            _("The same person stands further up in the file: the first row counts."),
        ),
    },
    "companies": {
        "suppressed": None,
        "duplicate": (
            _("Duplicate"),
            _("The same company stands further up in the file: the first row counts."),
        ),
    },
    "members": {
        "created": (_("Added"), _("They did not belong to the company before.")),
        "suppressed": None,
        "duplicate": (
            _("Duplicate"),
            _("The same person and company stand further up in the file: the first row counts."),
        ),
    },
    "events": {
        "created": (_("Recorded"), _("It was not known that this has happened.")),
        "updated": None,
        "unchanged": None,
        "suppressed": None,
        "duplicate": (
            _("Known already"),
            _("By another file or a program, or it stands further up: an event is kept once."),
        ),
    },
}


def import_as_data(import_file: ImportFile, *, errors_url: str | None) -> dict[str, object]:
    """Return what the API and the command say of an import; the counts sum to `rows_total`."""
    return {
        "id": import_file.pk,
        "about": import_file.about,
        "status": import_file.state,
        "file_name": import_file.file_name,
        "key": import_file.key,
        "mode": import_file.mode,
        "mapping": import_file.mapping,
        "rules": import_file.rules,
        "dry_run": import_file.is_dry_run,
        "error": import_file.error,
        "rows_total": import_file.rows_total,
        **{name: getattr(import_file, name) for name in COUNTS},
        "errors_url": errors_url if import_file.invalid else None,
        "samples": import_file.samples,
        "started_at": import_file.started_at,
        "finished_at": import_file.finished_at,
        "undo": undo_as_data(import_undo_result(import_file)),
    }


def import_mappings_fitting(import_file: ImportFile) -> list[ImportMapping]:
    """Return the saved mappings that fit the columns of this file, those that say most of it first."""
    names = [column["name"] for column in import_file.columns]
    fitting = ImportMapping.objects.fitting(names, about=import_file.about).annotate(
        said=Func("columns", function="cardinality")
    )
    return list(fitting.order_by("-said", "name")[:MAPPINGS_SHOWN])


def import_errors(import_file: ImportFile) -> Iterator[str]:
    """
    Yield the error file line by line: the file's own columns, then row, column and reason.

    Mended, it can be uploaded again: the three columns are left out then. What a row has too many stands
    behind them, so that nothing is lost and the row is refused until somebody has put it where it belongs.
    What a spreadsheet would take for a formula is marked as text, and the mark is taken off when the file
    comes back.
    """
    names = [column["name"] for column in import_file.columns]
    own_places = [place for place, name in enumerate(names) if name not in FAULT_COLUMNS]
    writer = csv.writer(Echo())
    yield "\N{ZERO WIDTH NO-BREAK SPACE}" + writer.writerow(
        [*(names[place] for place in own_places), *FAULT_COLUMNS]
    )
    faults = import_file.faults.order_by("row").values_list("cells", "row", "column", "reason")
    for cells, row, column, reason in faults.iterator(chunk_size=2_000):
        padded = [*cells, *[""] * len(names)]
        own, surplus = [padded[place] for place in own_places], cells[len(names) :]
        yield writer.writerow([*map(cell, own), row, column, reason, *map(cell, surplus)])
