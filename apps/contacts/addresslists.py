"""A list of addresses as people have it: pasted, or a CSV file with a column of them. No database here."""

import csv
import re
from collections.abc import Iterator
from io import StringIO
from typing import BinaryIO

from django.utils.translation import gettext as _

from apps.contacts import csvfile, guesses
from apps.contacts.csvfile import FileRefused
from apps.contacts.models import Channel

MAX_BYTES = 10 * 1024 * 1024
_BETWEEN = re.compile(r"[,;\t]")
_TARGETS = {Channel.EMAIL: "email", Channel.SMS: "phone"}

Row = tuple[int, str]  # number of the line, and what stands there


def rows_of_text(text: str) -> Iterator[Row]:
    """Yield the addresses of a pasted text: one a line, or several with commas between them."""
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        for part in _BETWEEN.split(line):
            if told := part.strip().strip('"'):
                yield number, told


def rows_of_file(file: BinaryIO, *, channel: Channel) -> Iterator[Row]:
    """
    Yield the cells of the column that holds addresses; a file without a header is read like pasted text.

    :raises FileRefused: no text, or no column that looks like addresses
    """
    encoding = csvfile.encoding_detect(file)
    file.seek(0)
    text = file.read().decode(encoding, "replace").removeprefix("\ufeff")
    first = next((line for line in text.splitlines() if line.strip()), "")
    if "@" in first or (channel == Channel.SMS and re.fullmatch(r"[-\d+ ()./]+", first.strip())):
        yield from rows_of_text(text)
        return
    layout = csvfile.layout_detect(file, encoding=encoding, delimiter="")
    targets = [guess.target for guess in guesses.columns_guess(layout, {})]
    if _TARGETS[channel] not in targets:
        raise FileRefused(_("No column of this file looks like addresses. Name it “email” or “phone”."))
    place = targets.index(_TARGETS[channel])
    records = csv.reader(StringIO(text, newline=""), delimiter=layout.delimiter, strict=True)
    try:
        filled = ((number, row) for number, row in enumerate(records, start=1) if any(map(str.strip, row)))
        next(filled, None)  # the header
        for number, row in filled:
            yield number, row[place].strip() if place < len(row) else ""
    except csv.Error as error:
        raise FileRefused(_("This file cannot be read as CSV: a quotation mark may be left open.")) from error
