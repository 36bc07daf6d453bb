"""Rows to a file. A writer is a context: the file is whole when it is left without an exception."""

import csv
import re
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from django.utils.translation import gettext as _

from apps.contacts.models import Attribute
from apps.contacts.values import value_to_text
from apps.core.errors import DomainError
from apps.exports.columns import Column
from apps.exports.models import Format

Type = Attribute.Type
# A spreadsheet takes a cell that begins so for a formula. What is marked already is marked once more, so
# that the import, which takes one mark off, gives back what was there.
FORMULA = re.compile(r"'*[=+\-@\t\r]")
MOST_SPREADSHEET_ROWS = 1_048_575  # below the heads
MOST_CELL = 32_767
EXACT = 10**15  # spreadsheets keep 15 digits


class DoesNotFit(DomainError):
    """The format cannot hold this; the message says what can."""


class Writer(Protocol):
    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def write(self, rows: Sequence[Sequence[Any]]) -> None: ...


def writer_of(format_: str, path: Path, columns: Sequence[Column]) -> Writer:
    match Format(format_):
        case Format.CSV:
            return CsvFile(path, columns)
        case Format.XLSX:
            return XlsxFile(path, columns)
        case Format.PARQUET:
            return ParquetFile(path, columns)


def cell(value: object) -> str | int | float:
    """Return what a spreadsheet shows of a value: text that would be a formula is marked as text."""
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    text = value if isinstance(value, str) else value_to_text(value)
    return f"'{text}" if FORMULA.match(text) else text


class CsvFile:
    """UTF-8 with a byte order mark, or Excel reads umlauts as riddles."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow([column.head for column in columns])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_about: object) -> None:
        self._file.close()

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        self._writer.writerows([cell(value) for value in row] for row in rows)


class XlsxFile:
    """One sheet, each row let go once it is written; no cell is ever a formula or a link."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        # Only workers pay for it.
        from xlsxwriter import Workbook  # noqa: PLC0415

        # What is written on the way lies beside the file, where it is cleared away if the worker is killed.
        self._book = Workbook(str(path), {"constant_memory": True, "tmpdir": str(path.parent)})
        self._sheet = self._book.add_worksheet()
        self._row = 0
        self.write([[column.head for column in columns]])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_about: object) -> None:
        self._book.close()  # of one that stopped too: it lets go of what lies beside

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        for row in rows:
            if self._row > MOST_SPREADSHEET_ROWS:
                raise DoesNotFit(
                    _("A spreadsheet has room for 1,048,575 rows. Choose CSV or Parquet, or fewer rows.")
                )
            for place, value in enumerate(row):
                self._write_cell(place, cell(value))
            self._row += 1

    def _write_cell(self, place: int, shown: str | int | float) -> None:
        if not isinstance(shown, str) and abs(shown) < EXACT:
            self._sheet.write_number(self._row, place, shown)
        elif len(str(shown)) > MOST_CELL:
            raise DoesNotFit(
                _("A value is longer than the 32,767 characters of a cell. Choose CSV or Parquet.")
            )
        elif shown != "":
            self._sheet.write_string(self._row, place, str(shown))


class ParquetFile:
    """Typed columns; a group of rows per batch."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        import pyarrow as pa  # noqa: PLC0415  # 100 MB of it: only workers pay for it
        from pyarrow import parquet  # noqa: PLC0415

        types = {
            Type.NUMBER: pa.float64(),
            Type.MONEY: pa.float64(),
            Type.BOOLEAN: pa.bool_(),
            Type.DATE: pa.date32(),
            Type.DATETIME: pa.timestamp("us", tz="UTC"),
            Type.LIST: pa.list_(pa.string()),
        }
        self._pa = pa
        self._columns = columns
        self._schema = pa.schema(
            [
                (column.head, pa.int64() if _is_key(column) else types.get(column.type, pa.string()))
                for column in columns
            ]
        )
        self._writer = parquet.ParquetWriter(path, self._schema, compression="zstd")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_about: object) -> None:
        self._writer.close()

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        if not rows:
            return
        arrays = [
            self._pa.array([typed(value, column.type) for value in values], type=field.type)
            for column, field, values in zip(
                self._columns, self._schema, zip(*rows, strict=True), strict=True
            )
        ]
        self._writer.write_batch(self._pa.record_batch(arrays, schema=self._schema))


def _is_key(column: Column) -> bool:
    return column.name.endswith(":id") and column.type == Type.NUMBER


def typed(value: Any, type_: Type) -> Any:
    """Return the value as Parquet's type wants it; what is missing, and empty text, is null."""
    if value is None or value == "":
        return None
    match type_:
        case Type.DATE:
            return date.fromisoformat(value)
        case Type.DATETIME:
            return datetime.fromisoformat(value)
        case Type.TEXT | Type.CHOICE:
            return str(value)
    return value
