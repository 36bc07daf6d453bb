"""
A budget as a spreadsheet: its columns, its cells out and in. No database here.

The same columns go out and come in, so what was downloaded can be uploaded. A line is known by `line` and
`version`; `read at` says of when the file is, so that what others did since is told from what its author did.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from tempfile import TemporaryFile
from typing import Any, BinaryIO, cast

from django.utils.translation import gettext as _

from apps.campaigns.models import BudgetLine, Campaign
from apps.contacts import csvfile
from apps.contacts.csvfile import FileRefused
from apps.core import display

MOST_ROWS = 5000
MOST_BYTES = 4 << 20
MOST_UNPACKED = 40 << 20
AMOUNTS = ("planned", "committed", "actual")
COLUMNS = (
    "line", "version", "channel", "month", "what for", "vendor", *AMOUNTS, "currency", "note", "read at",
)  # fmt: skip
NEEDED = ("month", "what for")
TOTAL = "total"
# A row that could not be read has this in place of its cells.
FAULT = "!"
# A spreadsheet takes a cell that begins so for a formula. What is marked already is marked once more, so that
# taking one mark off gives back what was there.
FORMULA = re.compile(r"'*[=+\-@\t\r]")
# Longer than any text may be: what is cut off stays too long to be taken.
KEPT = 600
WIDTHS = (9, 9, 14, 10, 34, 22, 13, 13, 13, 10, 30, 32)

Row = tuple[int, dict[str, str]]


@dataclass(frozen=True)
class Sheet:
    """The rows below the heads, each with its number as a spreadsheet shows it; and unknown columns."""

    rows: list[Row]
    unread: list[str]


def cells_of(line: BudgetLine, *, campaign: Campaign, at: datetime) -> list[object]:
    """Return a line as the cells of a row; amounts stay decimals."""
    return [
        line.pk,
        line.version,
        str(line.channel or ""),
        f"{line.month:%Y-%m}",
        marked(line.label),
        marked(line.vendor),
        line.planned,
        line.committed,
        line.actual,
        campaign.currency,
        marked(line.note),
        at.isoformat(),
    ]


def marked(text: str) -> str:
    return f"'{text}" if FORMULA.match(text) else text


def unmarked(text: str) -> str:
    return text[1:] if text.startswith("'") and FORMULA.match(text[1:]) else text


def workbook(lines: Iterable[BudgetLine], *, campaign: Campaign, at: datetime) -> bytes:
    """Return an Excel workbook; its last row adds the amounts up, by formulas, as the only ones in it."""
    # Every process of every start would pay for it.
    from xlsxwriter import Workbook  # noqa: PLC0415

    out = BytesIO()
    book = Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    bold, money = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0.00"})
    total = book.add_format({"num_format": "#,##0.00", "bold": True, "top": 1})
    sheet = book.add_worksheet("Budget")
    sheet.freeze_panes(1, 0)
    for place, (name, width) in enumerate(zip(COLUMNS, WIDTHS, strict=True)):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, name, bold)
    sums, count = dict.fromkeys(AMOUNTS, Decimal(0)), 0
    for count, line in enumerate(lines, start=1):  # how many there were
        for place, value in enumerate(cells_of(line, campaign=campaign, at=at)):
            _write(sheet, count, place, value, money)
        sums = {name: so_far + getattr(line, name) for name, so_far in sums.items()}
    if count:
        sheet.write_string(count + 1, 0, TOTAL, bold)
        for name, amount in sums.items():
            letter = chr(ord("A") + COLUMNS.index(name))
            formula = f"=SUM({letter}2:{letter}{count + 1})"
            sheet.write_formula(count + 1, COLUMNS.index(name), formula, total, float(amount))
    book.close()
    return out.getvalue()


def _write(sheet: Any, row: int, place: int, value: object, money: Any) -> None:
    match value:
        case Decimal():
            sheet.write_number(row, place, float(value), money)  # 14 digits: a double keeps 15
        case int():
            sheet.write_number(row, place, value)
        case str() if value:
            sheet.write_string(row, place, value)


def sheet_read(file: Any) -> Sheet:
    """
    Read an uploaded CSV file or workbook; of a workbook the first sheet that is not hidden.

    :raises FileRefused: it is neither, is empty or too large, or a column is missing
    """
    if file.size > MOST_BYTES:
        raise FileRefused(_("This file is too large: a budget has at most 4 MB."))
    raw = file
    while hasattr(raw, "file"):  # below Django's wrappers, as what reads workbooks wants it
        raw = raw.file
    with _as_csv(cast(BinaryIO, raw), name=file.name or "") as (rows, encoding):
        layout = csvfile.layout_detect(rows, encoding=encoding)
        names = [" ".join(name.split()).casefold() for name in layout.names]
        if missing := [name for name in NEEDED if name not in names]:
            told = _("The file has no column “%(missing)s”. It has: %(names)s.")
            shown = {"missing": "”, “".join(missing), "names": ", ".join(layout.names)[:300]}
            raise FileRefused(told % shown)
        if twice := next((name for name in names if name in COLUMNS and names.count(name) > 1), ""):
            raise FileRefused(_("The file has two columns “%(name)s”.") % {"name": twice})
        found = list(_rows(rows, encoding, layout.delimiter, names))
    if len(found) > MOST_ROWS + 1:  # the last one may be the total
        told = _("The file has more than %(most)s rows. A budget has at most so many lines.")
        raise FileRefused(told % {"most": display.number(MOST_ROWS)})
    unread = [shown[:60] for name, shown in zip(names, layout.names, strict=True) if name not in COLUMNS]
    return Sheet(found, unread)


@contextmanager
def _as_csv(raw: BinaryIO, *, name: str) -> Iterator[tuple[BinaryIO, str]]:
    book = csvfile.workbook_look(raw, name=name)
    if book is None:
        yield raw, csvfile.encoding_detect(raw)
        return
    if book.unpacked > MOST_UNPACKED:
        raise FileRefused(_("This workbook is too large for a budget."))
    with TemporaryFile() as copy:
        csvfile.sheet_write(raw, sheet=book.sheets[0], copy=cast(BinaryIO, copy))
        yield cast(BinaryIO, copy), "utf-8"


def _rows(file: BinaryIO, encoding: str, delimiter: str, names: Sequence[str]) -> Iterator[Row]:
    with csvfile.as_utf8(file, encoding) as text:
        reader = csvfile.Reader(text, delimiter=delimiter, width=len(names))
        reader.header_skip()
        left = MOST_ROWS + 2
        while left > 0 and (chunk := reader.chunk(left)):
            left -= len(chunk.rows) + len(chunk.faults)
            good = [
                (number, {name: _kept(cell) for name, cell in zip(names, cells, strict=True)})
                for number, cells in zip(chunk.numbers, chunk.rows, strict=True)
            ]
            bad = [(fault.row, {FAULT: fault.reason}) for fault in chunk.faults]
            yield from sorted([*good, *bad], key=lambda row: row[0])


def _kept(cell: str) -> str:
    return " ".join(cell.replace("\0", "\N{REPLACEMENT CHARACTER}").split())[:KEPT]


def month_read(text: str) -> date:
    """
    Read 2030-03, 03/2030 or a day of that month as a spreadsheet writes it.

    :raises ValueError: with the sentence that refuses it
    """
    match = re.fullmatch(r"(\d{4})-(\d{1,2})(?:-\d{2})?", text) or re.fullmatch(r"()(\d{1,2})/(\d{4})", text)
    if match:
        year, month, *rest = match.groups()
        try:
            return date(int(year or rest[0]), int(month), 1)
        except ValueError:
            pass
    raise ValueError(_("“%(text)s” is not a month. Write it as 2030-03.") % {"text": text[:40]})


def amount_read(text: str) -> Decimal:
    """
    Read an amount as a spreadsheet and a program write it: 1234.56. Nothing is 0.

    A comma is refused and not guessed at: 1,234 is a thousand here, and little more than one elsewhere.

    :raises ValueError: with the sentence that refuses it
    """
    if not text:
        return Decimal(0)
    shown = {"text": text[:40]}
    if re.fullmatch(r"[-\N{MINUS SIGN}(].*\d.*", text):
        raise ValueError(_("“%(text)s” is below zero.") % shown)
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        raise ValueError(
            _("“%(text)s” is not an amount. Write it as 1234.56: no comma, no space, no sign.") % shown
        )
    amount = Decimal(text)
    if amount >= 10**12:
        raise ValueError(_("“%(text)s” is more than anybody can spend.") % shown)
    rounded = amount.quantize(Decimal("0.01"))
    if abs(amount - rounded) > Decimal("0.000001"):  # a spreadsheet's own rounding is smaller
        raise ValueError(_("“%(text)s” has more than two decimals.") % shown)
    return rounded
