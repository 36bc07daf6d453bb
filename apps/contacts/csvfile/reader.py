"""
The rows of a CSV file, a chunk at a time, from any row boundary on.

The fast path lets the csv module read a whole chunk at C speed. Where a chunk does not read (a stray quote, a
broken character, a line without end), it is read again row by row: the bad row becomes a `Fault`, and reading
goes on with the next line of the file.
"""

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.contacts.csvfile.limits import BLOCK, MAX_LINE, FileRefused
from apps.contacts.values import MAX_TEXT

# Ends what a fault has of a cell that is longer than any value may be: so it stays too long to be taken.
CUT = " […]"
HINT = "sep="
_HINT = re.compile(rf"{HINT}[,;|\t]?")


@dataclass(frozen=True)
class Fault:
    """One row that cannot be taken, and why. Column '' is the row as a whole."""

    row: int
    column: str
    reason: str
    cells: Sequence[str] = ()


@dataclass
class Chunk:
    """
    Some rows, all of the header's width, with their numbers as a spreadsheet shows them, and what is wrong
    with others. `end` is the offset behind the last one, `row_done` its number.
    """

    rows: list[list[str]] = field(default_factory=list)
    numbers: Sequence[int] = ()
    faults: list[Fault] = field(default_factory=list)
    end: int = 0
    row_done: int = 0


class _LineTooLong(Exception):
    pass


_UNREADABLE = (csv.Error, UnicodeDecodeError, _LineTooLong)


@contextmanager
def as_utf8(file: BinaryIO, encoding: str) -> Iterator[BinaryIO]:
    """
    Give the file as UTF-8 with newlines that the reader knows; the file itself if it is that already.

    Made anew at each start: the same bytes each time, so offsets hold over a restart and on any machine.
    """
    file.seek(0)
    head = file.read(BLOCK)
    file.seek(0)
    if encoding == "utf-8" and (b"\n" in head or b"\r" not in head):
        yield file
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace" if encoding != "utf-8" else "surrogateescape")
    is_old_mac = b"\n" not in head
    with TemporaryFile() as copy:
        for block in iter(partial(file.read, BLOCK), b""):
            text = decoder.decode(block)
            copy.write((text.replace("\r", "\n") if is_old_mac else text).encode("utf-8", "surrogateescape"))
        copy.write(decoder.decode(b"", final=True).encode("utf-8", "surrogateescape"))
        copy.seek(0)
        yield cast(BinaryIO, copy)


class Reader:
    """Reads `file` (UTF-8) from `offset` on; `row` is the number of the row before it, 0 at the start."""

    def __init__(self, file: BinaryIO, *, delimiter: str, width: int, offset: int = 0, row: int = 0) -> None:
        self._file = file
        self._delimiter = delimiter
        self._width = width
        self._row = row
        self._open(offset)

    def header_skip(self) -> list[str]:
        """Go behind the header, whatever blank lines or hint stand above it, and return its cells."""
        for record in self._records:
            self._row += 1
            if any(cell.strip() for cell in record) and not is_hint(record):
                return record
        return []

    def chunk(self, size: int) -> Chunk | None:
        """Return the next rows, at most `size`; None at the end of the file."""
        start, first = self._offset, self._row
        try:
            records = list(islice(self._records, size))
        except _UNREADABLE:
            self._open(start)
            return self._slow_chunk(size, first)
        if not records:
            return None
        self._row += len(records)
        chunk = Chunk(end=self._offset, row_done=self._row)
        self._sort(chunk, records, first + 1)
        return chunk

    def _open(self, offset: int) -> None:
        self._file.seek(offset)
        self._offset = offset
        if offset == 0 and self._file.read(3) == codecs.BOM_UTF8:
            self._offset = 3
        self._file.seek(self._offset)
        self._records = csv.reader(self._lines(), delimiter=self._delimiter, strict=True)

    def _lines(self) -> Iterator[str]:
        # The csv module takes a line only when it needs one: after a record, `_offset` is the end of it.
        for line in iter(partial(self._file.readline, MAX_LINE), b""):
            if len(line) == MAX_LINE and line[-1] != 0x0A:
                raise _LineTooLong
            self._offset += len(line)
            yield line.decode()

    def _sort(self, chunk: Chunk, records: list[list[str]], first: int) -> None:
        """Keep the rows of the right width; a blank line is nothing, another width is a fault."""
        width = self._width
        numbers = range(first, first + len(records))
        if set(map(len, records)) == {width}:
            chunk.rows, chunk.numbers = records, numbers
            return
        kept: list[int] = []
        for number, record in zip(numbers, records, strict=True):
            # Spreadsheets write empty cells behind the last column.
            if len(record) == width or (len(record) > width and not any(record[width:])):
                chunk.rows.append(record[:width])
                kept.append(number)
            elif any(cell.strip() for cell in record):
                chunk.faults.append(self._misshapen(number, record))
        chunk.numbers = kept

    def _misshapen(self, number: int, record: list[str]) -> Fault:
        reason = ngettext(
            "This row has %(n)s cell; the header has %(width)s.",
            "This row has %(n)s cells; the header has %(width)s.",
            len(record),
        )
        return Fault(number, "", reason % {"n": len(record), "width": self._width}, cells_shown(record))

    def _slow_chunk(self, size: int, row: int) -> Chunk:
        chunk = Chunk()
        numbers: list[int] = []
        while len(numbers) + len(chunk.faults) < size:
            begin = self._offset
            row += 1
            try:
                record = next(self._records, None)
            except _UNREADABLE as error:
                line = self._resume_after_line(begin)
                chunk.faults.append(Fault(row, "", _sentence(error), cells_shown([line])))
                continue
            if record is None:
                row -= 1
                break
            part = Chunk()
            self._sort(part, [record], row)
            chunk.rows += part.rows
            numbers += part.numbers
            chunk.faults += part.faults
        chunk.numbers, chunk.end, chunk.row_done = numbers, self._offset, row
        self._row = row
        return chunk

    def _resume_after_line(self, begin: int) -> str:
        """Begin again with the line after the one at `begin`, and return what that one began with."""
        self._file.seek(begin)
        start = line = self._file.readline(MAX_LINE)
        while line and line[-1] != 0x0A:
            line = self._file.readline(MAX_LINE)
        self._open(self._file.tell())
        return start[: 4 * (MAX_TEXT + 1)].decode(errors="replace")


def is_hint(record: Sequence[str]) -> bool:
    """Test if a line tells Excel how cells are separated, such as `sep=;`: it is no row, whoever reads it."""
    cell, *rest = record
    return _HINT.fullmatch(cell.strip().lower()) is not None and not any(rest)


def header_read(file: BinaryIO, *, encoding: str, delimiter: str) -> list[str]:
    """
    Return the cells of the header, read as strictly as an import will.

    :raises FileRefused: it cannot be read
    """
    with as_utf8(file, encoding) as utf8:
        try:
            return Reader(utf8, delimiter=delimiter, width=0).header_skip()
        except _UNREADABLE as error:
            why = _sentence(error)
    raise FileRefused(_("The row with the names of the columns cannot be read. %(why)s") % {"why": why})


def _sentence(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return _("This row holds bytes that are no letters of UTF-8.")
    if isinstance(error, _LineTooLong) or "field limit" in str(error):
        return _("This row is longer than 16 MB; a quotation mark may have been left open.")
    if "unexpected end" in str(error):
        return _("A quotation mark is opened in this row and never closed.")
    if "new-line character" in str(error):
        return _("This row ends like those of old Macs, others do not. Save the file anew as “CSV UTF-8”.")
    return _("A quotation mark stands in the wrong place in this row.")


def cells_shown(cells: Sequence[str]) -> list[str]:
    """
    Return the cells as a fault keeps them, without what PostgreSQL cannot hold.

    Whole, so that the error file can be mended and sent again. One that is too long for any value is cut, and
    says so: sent again as it is, it is refused again.
    """
    return [_kept(cell).replace("\0", "\N{REPLACEMENT CHARACTER}") for cell in cells]


def _kept(cell: str) -> str:
    return cell if len(cell) <= MAX_TEXT else cell[:MAX_TEXT] + CUT
