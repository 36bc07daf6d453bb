"""
Excel workbooks: one sheet, turned once into the CSV file that everything behind this reads.

Rows keep their numbers and values are written as `values.value_parse` reads them, so that the place an import
goes on from, and its error file, mean the same as for a file that came as CSV.
"""

import csv
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date, datetime, time
from functools import partial
from io import TextIOWrapper
from tempfile import TemporaryFile
from typing import Any, BinaryIO, cast
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile
from zlib import error as ZlibError

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils.cell import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from apps.contacts.csvfile.limits import BLOCK, FileRefused

# What a workbook may be unpacked, some 300,000 rows of eight cells: the upload waits for the sheet to be
# read, and the texts that cells share are held in memory. zipfile reads no more than a part says it has.
MAX_UNPACKED = 128 * BLOCK
MAX_ROWS = 1_048_576  # what Excel itself can hold
CELL_ERRORS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"})

_PACKED = b"PK\x03\x04"
_OLD = b"\xd0\xcf\x11\xe0"  # .xls, and the envelope of a workbook with a password
_ENVELOPE = "EncryptedPackage".encode("utf-16-le")
_UNREADABLE = (
    BadZipFile,
    InvalidFileException,
    ParseError,
    ZlibError,
    EOFError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
    AttributeError,
    OSError,
)


@contextmanager
def as_csv(file: BinaryIO, *, sheet: str = "") -> Iterator[tuple[BinaryIO, str]]:
    """
    Give one sheet of a workbook as CSV in UTF-8, and its name; any other file as it is, with ''.

    Without `sheet` it is the first one that is not hidden.

    :raises FileRefused: a workbook that cannot be read, has a password, lacks the sheet, or holds errors
    """
    file.seek(0)
    head = file.read(4)
    if head == _OLD:
        raise FileRefused(_old_sentence(file))
    if head != _PACKED:
        if sheet:
            raise FileRefused(_("This file is not an Excel workbook: it has no sheets to choose from."))
        file.seek(0)
        yield file, ""
        return
    with TemporaryFile() as copy:
        name = _convert(file, sheet, cast(BinaryIO, copy))
        copy.seek(0)
        yield cast(BinaryIO, copy), name


def _old_sentence(file: BinaryIO) -> str:
    tail = b""
    for block in iter(partial(file.read, BLOCK), b""):
        if _ENVELOPE in tail + block:
            return _("This workbook is protected by a password. Save it without one and upload it again.")
        tail = block[-len(_ENVELOPE) :]
    return _("This is an Excel workbook of the old kind. Save it as .xlsx or as “CSV UTF-8” first.")


def _convert(file: BinaryIO, sheet: str, copy: BinaryIO) -> str:
    """Write the sheet to `copy`, and return its name."""
    try:
        _size_check(file)
        with closing(load_workbook(file, read_only=True, data_only=True, keep_links=False)) as book:
            chosen = _sheet(book, sheet)
            chosen.reset_dimensions()  # what a sheet says of its size is often wrong
            text = TextIOWrapper(copy, encoding="utf-8", errors="replace", newline="", write_through=False)
            _rows_write(chosen.iter_rows(values_only=True), text)
            text.flush()
            text.detach()
            return str(chosen.title)
    except _UNREADABLE as error:
        raise FileRefused(_("This is not an Excel workbook that can be read: it may be damaged.")) from error


def _size_check(file: BinaryIO) -> None:
    file.seek(0)
    with ZipFile(file) as packed:
        parts = packed.infolist()
    if not any(part.filename == "[Content_Types].xml" for part in parts):
        raise FileRefused(_("This is a packed file, not an Excel workbook. Unpack it first."))
    if sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise FileRefused(_("This workbook is too large. Save the sheet as “CSV UTF-8” and upload that."))
    file.seek(0)


def _sheet(book: Any, name: str) -> Any:
    sheets = book.worksheets
    if not sheets:
        raise FileRefused(_("This workbook has no sheet with cells."))
    if not name:
        return next((sheet for sheet in sheets if sheet.sheet_state == "visible"), sheets[0])
    for sheet in sheets:
        if sheet.title.casefold() == name.strip().casefold():
            return sheet
    raise FileRefused(
        _("The workbook has no sheet “%(name)s”. It has: %(sheets)s.")
        % {"name": name[:60], "sheets": ", ".join(sheet.title for sheet in sheets)[:300]}
    )


def _rows_write(rows: Iterator[Sequence[object]], text: TextIOWrapper) -> None:
    writer = csv.writer(text)
    width = errors = 0
    first_error = ""
    for number, row in enumerate(rows, start=1):
        if number > MAX_ROWS:
            raise FileRefused(_("This sheet has more rows than Excel can hold."))
        cells = [cell if isinstance(cell, str) else _text(cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if not CELL_ERRORS.isdisjoint(cells):
            found = [place for place, cell in enumerate(cells, start=1) if cell in CELL_ERRORS]
            errors += len(found)
            first_error = first_error or f"{get_column_letter(found[0])}{number}"
        if cells and any(cell.strip() for cell in cells):
            width = width or len(cells)  # the first row with anything in it is the header
            cells += [""] * (width - len(cells))
            writer.writerow(cells)
        else:
            writer.writerow([])  # keeps the numbers of the rows below it
    if not width:
        raise FileRefused(_("This sheet is empty."))
    if errors:
        raise FileRefused(
            _(
                "%(n)s cells of this sheet hold an error such as #N/A; the first is %(cell)s. "
                "Mend or empty them and upload it again."
            )
            % {"n": errors, "cell": first_error}
        )


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.0f}" if value.is_integer() else _decimals(value)
        case datetime():
            is_day = value.time() == time()
            return value.date().isoformat() if is_day else value.isoformat(" ", timespec="seconds")
        case date() | time():
            return value.isoformat()
    return str(value)


def _decimals(value: float) -> str:
    """Return the shortest text of the number that has no exponent."""
    text = repr(value)
    return f"{value:.15f}".rstrip("0") if "e" in text else text
