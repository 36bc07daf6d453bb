"""CSV of what a list shows, streamed: a million rows take no more memory than one."""

import csv
from collections.abc import Iterable, Iterator, Sequence

from django.http import StreamingHttpResponse
from django.utils.functional import Promise

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
