"""
Excel workbooks: one sheet, turned once into the CSV file that everything behind this reads.

Rows keep their numbers and values are written as `values.value_parse` reads them, so that the place an import
goes on from, and its error file, mean the same as for a file that came as CSV. To look at a workbook costs
nothing (`workbook_look`); to read a sheet takes up to minutes (`sheet_write`). openpyxl is imported where it
is used: every process of every start would pay for it, and one in seven reads workbooks.
"""

import csv
import time as clock
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import partial
from io import TextIOWrapper
from typing import BinaryIO
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile
from zlib import error as ZlibError

from django.utils.translation import gettext as _

from apps.contacts.csvfile.limits import BLOCK, FileRefused

# What a workbook may be unpacked: more than a million rows of eight cells. The texts that cells share are
# held in memory, and what says which sheets there are is read while a person waits. zipfile reads no more of
# a part than it says it has.
MAX_UNPACKED = 512 * BLOCK
MAX_SHARED = 64 * BLOCK
MAX_INDEX = 2 * BLOCK
MAX_ROWS = 1_048_576  # what Excel itself can hold
TELL_EVERY = 1.0  # seconds
CELL_ERRORS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"})

_INDEX = (".rels", "workbook.xml", "[Content_Types].xml")
_PACKED = b"PK\x03\x04"
_CALLED = (".xlsx", ".xlsm")
_OLD = b"\xd0\xcf\x11\xe0"  # .xls, and the envelope of a workbook with a password
_ENVELOPE = "EncryptedPackage".encode("utf-16-le")


@dataclass(frozen=True)
class Workbook:
    """What is in a workbook: the sheets that are not hidden, and how many bytes all of it has unpacked."""

    sheets: tuple[str, ...]
    unpacked: int

    def sheet(self, name: str) -> str:
        """
        Return the name of the sheet as the workbook writes it.

        :raises FileRefused: there is none of this name
        """
        for sheet in self.sheets:
            if sheet.casefold() == name.strip().casefold():
                return sheet
        raise FileRefused(
            _("The workbook has no sheet “%(name)s”. It has: %(sheets)s.")
            % {"name": name[:60], "sheets": ", ".join(self.sheets)[:300]}
        )


def workbook_look(file: BinaryIO, *, name: str = "") -> Workbook | None:
    """
    Return what is in a workbook without reading any cell; None if the file is something else, such as CSV.

    `name` is what the file is called, where that is known.

    :raises FileRefused: it is damaged, packed or of the old kind, has a password, macros or no sheet, is too
        large unpacked, or is called a workbook and is none
    """
    file.seek(0)
    head = file.read(4)
    if head == _OLD:
        raise FileRefused(_old_sentence(file))
    file.seek(0)
    if head != _PACKED:
        if head and name.lower().endswith(_CALLED):
            raise FileRefused(_misnamed(name))
        return None
    try:
        unpacked = _parts_check(file)
        sheets = _sheets(file)
    except _unreadable() as error:
        raise FileRefused(_damaged()) from error
    if not sheets:
        raise FileRefused(_("This workbook has no sheet with cells."))
    return Workbook(tuple(sheets), unpacked)


def sheet_write(
    file: BinaryIO, *, sheet: str, copy: BinaryIO, tell: Callable[[int, float], None] | None = None
) -> None:
    """
    Write one sheet of a workbook that was looked at as CSV in UTF-8.

    `tell` is told each second how many rows are read, and what part of the sheet that is, 0 to 1.

    :raises FileRefused: the sheet cannot be read, is empty or endless, or holds errors
    """
    from openpyxl import load_workbook  # noqa: PLC0415

    file.seek(0)
    try:
        with closing(load_workbook(file, read_only=True, data_only=True, keep_links=False)) as book:
            chosen = book[sheet]
            chosen.reset_dimensions()  # what a sheet says of its size is often wrong
            text = TextIOWrapper(copy, encoding="utf-8", errors="replace", newline="", write_through=False)
            rows = chosen.iter_rows(values_only=True)
            _rows_write(_told(rows, _Place(file), tell) if tell else rows, text)
            text.flush()
            text.detach()
    except _unreadable() as error:
        raise FileRefused(_damaged()) from error


def _unreadable() -> tuple[type[Exception], ...]:
    """Return what openpyxl, and all that it reads with, raise over a file that is not what it says."""
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

    return (
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


def _damaged() -> str:
    return _("This is not an Excel workbook that can be read: it may be damaged.")


def _misnamed(name: str) -> str:
    told = _(
        "“%(name)s” is called an Excel workbook, but it is none. Save it from your spreadsheet as .xlsx; "
        "if it is CSV, give it a name that ends with .csv."
    )
    return told % {"name": name[-60:]}


def _old_sentence(file: BinaryIO) -> str:
    tail = b""
    for block in iter(partial(file.read, BLOCK), b""):
        if _ENVELOPE in tail + block:
            return _("This workbook is protected by a password. Save it without one and upload it again.")
        tail = block[-len(_ENVELOPE) :]
    return _("This is an Excel workbook of the old kind. Save it as .xlsx or as “CSV UTF-8” first.")


def _parts_check(file: BinaryIO) -> int:
    """Return how large all parts are unpacked, having read none of them."""
    with ZipFile(file) as packed:
        parts = {part.filename: part.file_size for part in packed.infolist()}
    if "[Content_Types].xml" not in parts:
        raise FileRefused(_("This is a packed file, not an Excel workbook. Unpack it first."))
    if any(name.lower().endswith("vbaproject.bin") for name in parts):
        raise FileRefused(_("This workbook holds macros. Save it as .xlsx, without them, and upload that."))
    unpacked = sum(parts.values())
    index = sum(size for name, size in parts.items() if name.endswith(_INDEX))
    shared = sum(size for name, size in parts.items() if name.endswith("sharedStrings.xml"))
    if unpacked > MAX_UNPACKED or shared > MAX_SHARED or index > MAX_INDEX:
        raise FileRefused(_("This workbook is too large. Save the sheet as “CSV UTF-8” and upload that."))
    file.seek(0)
    return unpacked


def _sheets(file: BinaryIO) -> list[str]:
    """Return the names of the sheets with cells that are not hidden; of all where every one of them is."""
    from openpyxl.reader.excel import ExcelReader  # noqa: PLC0415

    # `load_workbook` would read all texts first.
    reader = ExcelReader(file, read_only=True, keep_links=False)
    with closing(reader.archive):
        reader.read_manifest()
        reader.read_workbook()
        found = [
            (sheet.name, sheet.state)
            for sheet, part in reader.parser.find_sheets()
            if part.Type.endswith("/worksheet")
        ]
    file.seek(0)
    return [name for name, state in found if state == "visible"] or [name for name, _state in found]


class _Place:
    """What part of the sheet has been read, told from where the reader stands in the packed file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        at = file.tell()
        with ZipFile(file) as packed:
            self._parts = [(part.header_offset, part.compress_size) for part in packed.infolist()]
        file.seek(at)

    def part(self) -> float:
        at = self._file.tell()
        begin, size = max((one for one in self._parts if one[0] < at), default=(0, 1))
        return min(1.0, (at - begin) / max(size, 1))


def _told(
    rows: Iterator[Sequence[object]], place: _Place, tell: Callable[[int, float], None]
) -> Iterator[Sequence[object]]:
    last = clock.monotonic()
    for number, row in enumerate(rows, start=1):
        yield row
        if clock.monotonic() - last >= TELL_EVERY:
            tell(number, place.part())
            last = clock.monotonic()


def _rows_write(rows: Iterator[Sequence[object]], text: TextIOWrapper) -> None:
    from openpyxl.utils.cell import get_column_letter  # noqa: PLC0415

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
