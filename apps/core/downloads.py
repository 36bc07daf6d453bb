"""What a list shows as a file. CSV is streamed: a million rows take no more memory than one."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO

from django.http import HttpResponse, StreamingHttpResponse
from django.utils.functional import Promise

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_CELL = 32_767  # characters that Excel takes
WIDTH = 24
# A spreadsheet takes a cell that begins so for a formula, and would run what a stranger typed.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_download(
    name: str, heads: Sequence[str | Promise], rows: Iterable[Sequence[object]]
) -> StreamingHttpResponse:
    """
    Return the rows as a file to save; `name` is without its ending.

    Give a QuerySet as `.iterator()`. UTF-8 with a byte order mark, or Excel reads umlauts as riddles.
    """
    response = StreamingHttpResponse(_lines(heads, rows), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def xlsx_download(
    name: str, heads: Sequence[str | Promise], rows: Iterable[Sequence[object]]
) -> HttpResponse:
    """
    Return the same as a workbook of one sheet, made in memory: for lists of some thousand rows at most.

    No cell is a formula or a link, whatever stands in it; a text too long for a cell is cut.
    """
    # Every process of every start would pay for it.
    from xlsxwriter import Workbook  # noqa: PLC0415

    out = BytesIO()
    book = Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    bold, sheet = book.add_format({"bold": True}), book.add_worksheet()
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, max(len(heads) - 1, 0), WIDTH)
    for place, head in enumerate(heads):
        sheet.write_string(0, place, str(head), bold)
    for line, row in enumerate(rows, start=1):
        for place, value in enumerate(row):
            if isinstance(value, int | float):
                sheet.write_number(line, place, value)
            elif value not in (None, ""):
                sheet.write_string(line, place, str(value)[:MOST_CELL])
    book.close()
    response = HttpResponse(out.getvalue(), content_type=XLSX)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return response


class Echo:
    """What `csv.writer` writes to: hands each line on."""

    def write(self, line: str) -> str:
        return line


def _lines(heads: Sequence[str | Promise], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    writer = csv.writer(Echo())
    yield "\ufeff" + writer.writerow([str(head) for head in heads])
    for row in rows:
        yield writer.writerow([cell(value) for value in row])


def cell(value: object) -> object:
    """Return the value as a cell: text that would be a formula is marked as text, numbers stay numbers."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return "" if value is None else value
