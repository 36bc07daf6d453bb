"""What kind of file this is: its encoding, its delimiter, its header. Says so when it cannot tell."""

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from io import StringIO
from itertools import islice
from typing import BinaryIO, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.contacts.csvfile.limits import BLOCK, MAX_LINE, FileRefused
from apps.contacts.csvfile.reader import HINT, header_read, is_hint

MAX_COLUMNS = 500
MAX_NAME = 200
SAMPLE_BYTES = 256 * 1024
SAMPLE_ROWS = 100
FEW_NULS = 8  # listed, each with its row, however small the file
DELIMITERS = (",", ";", "\t", "|")
ENCODINGS = ("utf-8", "cp1252", "utf-16-le", "utf-16-be")
# Columns that an error file adds; they are left out when it comes back mended.
FAULT_COLUMNS = ("(row)", "(column)", "(reason)")

csv.field_size_limit(MAX_LINE)

_NUMERIC = re.compile(r"[-+\d.,:/ ]+")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
# Bytes of Windows-1252 that texts in western languages are made of, besides ASCII.
_WESTERN = frozenset(range(0xC0, 0x100)) - {0xD7, 0xF7} | frozenset(
    b"\x80\x82\x84\x85\x8c\x91\x92\x93\x94\x95\x96\x97\x99\x9c\xa0\xa1\xa3\xa7\xa9\xab\xae\xb0\xb4\xbb\xbf"
)
_LETTERS = re.compile(rb"[\xc0-\xff]{4,}")
_UNDEFINED = frozenset(b"\x81\x8d\x8f\x90\x9d")
_NOT_CSV = gettext_lazy("This is not a CSV file.")
_PICTURE = gettext_lazy("This is a picture, not a CSV file.")
_OTHER_FILES = (
    (b"\x1f\x8b", gettext_lazy("This file is compressed. Unpack it first.")),
    (b"%PDF", gettext_lazy("This is a PDF, not a CSV file.")),
    (b"\x89PNG", _PICTURE),
    (b"GIF8", _PICTURE),
    (b"\xff\xd8\xff", _PICTURE),
)


@dataclass(frozen=True)
class Format:
    """How the bytes are to be read."""

    encoding: str
    delimiter: str


@dataclass(frozen=True)
class Layout:
    """What the file looks like: its columns, and the first rows below them."""

    delimiter: str
    names: list[str]
    rows: list[list[str]]

    def samples(self, column: int) -> list[str]:
        return [row[column] for row in self.rows]


def encoding_detect(file: BinaryIO) -> str:
    """
    Return the encoding of the file, one of `ENCODINGS`; the whole file is looked at.

    :raises FileRefused: empty, no text at all, or an encoding that cannot be told with some certainty
    """
    file.seek(0)
    head = file.read(64 * 1024)
    if not head.strip(b"\0\t\r\n ") or head in (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        raise FileRefused(_("This file is empty."))
    for magic, sentence in _OTHER_FILES:
        if head.startswith(magic):
            raise FileRefused(str(sentence))
    if encoding := _utf16(head):
        return encoding
    if head.count(b"\0") > max(FEW_NULS, len(head) // 50):
        raise FileRefused(str(_NOT_CSV))
    found = _census(file)
    if not found.broken or found.valid > 10 * found.broken:
        return "utf-8"  # a few broken rows among many whole ones are listed, each as a row
    return _western_or_refused(found)


def _utf16(head: bytes) -> str | None:
    if head.startswith(codecs.BOM_UTF16_LE) and not head.startswith(codecs.BOM_UTF32_LE):
        return "utf-16-le"
    if head.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    # Without a mark: of western text every other byte is NUL, and a CSV's header is western nearly always.
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > len(head) // 5 and not even:
        return "utf-16-le"
    if even > len(head) // 5 and not odd:
        return "utf-16-be"
    return None


class _Census(NamedTuple):
    """What a file has beyond ASCII: characters of valid UTF-8, bytes that are none, and all high bytes."""

    valid: int
    broken: int
    high: Counter[int]
    in_runs: int  # of the high bytes that are letters in the west, those with three more beside them


def _census(file: BinaryIO) -> _Census:
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    valid = broken = in_runs = 0
    high: Counter[int] = Counter()
    for block in iter(partial(file.read, BLOCK), b""):
        text = decoder.decode(block)
        if text.isascii():
            continue
        escaped = len(re.findall("[\udc80-\udcff]", text))
        broken += escaped
        valid += len(re.findall("[^\0-\x7f]", text)) - escaped
        high.update(byte for byte in block if byte > 0x7F)
        in_runs += sum(map(len, _LETTERS.findall(block)))
    return _Census(valid, broken + len(decoder.decode(b"", final=True)), high, in_runs)


def _western_or_refused(found: _Census) -> str:
    high = found.high
    plausible = sum(count for byte, count in high.items() if byte in _WESTERN)
    # Western words have a letter of theirs among plain ones; Cyrillic and Greek words have nothing else.
    is_foreign = 2 * found.in_runs >= high.total()
    if not _UNDEFINED & high.keys() and plausible >= 0.95 * high.total() and not is_foreign:
        return "cp1252"
    raise FileRefused(
        _(
            "We cannot tell in which encoding this file was saved: letters such as é would come out wrong. "
            "Save it as “CSV UTF-8” and upload it again."
        )
    )


def layout_detect(file: BinaryIO, *, encoding: str, delimiter: str = "") -> Layout:
    """
    Return the columns and the first rows.

    :raises FileRefused: not CSV, no header or a faulty one, no rows below it, or columns that cannot be told
        apart
    """
    lines, is_all = _first_lines(file, encoding)
    if lines[0].lstrip()[:1] in ("<", "{", "["):
        raise FileRefused(_("This looks like HTML or JSON, not like a CSV file."))
    told, lines = _delimiter_told(lines), lines[is_hint([lines[0].strip()]) :]
    if not lines:
        raise FileRefused(_("This file is empty."))
    delimiter = delimiter or told or _delimiter(lines)
    records = [record for record in _records(lines, delimiter) if any(cell.strip() for cell in record)]
    if not records:
        raise FileRefused(str(_NOT_CSV))
    header = header_read(file, encoding=encoding, delimiter=delimiter)
    while header and not header[-1].strip():
        header.pop()  # spreadsheets write empty columns at the end
    names = [name.strip() or _("Column %(n)s") % {"n": n} for n, name in enumerate(header, start=1)]
    _header_check(names)
    if len(records) == 1 and is_all:
        raise FileRefused(_("There are no rows below the header."))
    width = len(names)
    rows = [[*record, *[""] * width][:width] for record in records[1 : SAMPLE_ROWS + 1]]
    return Layout(delimiter=delimiter, names=names, rows=rows)


def _first_lines(file: BinaryIO, encoding: str) -> tuple[list[str], bool]:
    """Return the lines to tell columns by, and if they are all there are."""
    file.seek(0)
    raw = file.read(SAMPLE_BYTES)
    text = codecs.getincrementaldecoder(encoding)("replace").decode(raw)
    text = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}").replace("\0", "\N{REPLACEMENT CHARACTER}")
    lines = StringIO(text, newline=None).readlines()
    told = [line for line in lines if line.strip()]
    if not told:
        raise FileRefused(_("This file is empty."))
    is_all = len(raw) < SAMPLE_BYTES
    # The last line is cut somewhere; it is left out unless it is the only one below the header.
    return told if is_all or len(told) <= 2 else told[:-1], is_all


def _records(lines: list[str], delimiter: str) -> list[list[str]]:
    def records() -> Iterator[list[str]]:
        try:
            yield from csv.reader(lines, delimiter=delimiter)
        except csv.Error:
            return  # the reader proper says where and why

    return list(islice(records(), SAMPLE_ROWS + 1))


def _delimiter_told(lines: list[str]) -> str:
    """Return what a line such as `sep=;` says, which programs write on top for Excel; '' if there is none."""
    told = lines[0].strip("\r\n ")[len(HINT) :]
    return told if is_hint([lines[0].strip()]) and told in DELIMITERS else ""


def _delimiter(lines: list[str]) -> str:
    """Return the delimiter that cuts most rows into as many cells as the header, and into the most."""

    def fit(delimiter: str) -> tuple[float, int]:
        records = [record for record in _records(lines, delimiter) if record]
        width = len(records[0])
        alike = sum(len(record) == width for record in records) / len(records)
        return (alike if width > 1 else 0, width)

    return max(DELIMITERS, key=fit)


def _header_check(names: list[str]) -> None:
    if len(names) > MAX_COLUMNS:
        raise FileRefused(
            _("This file has %(n)s columns; at most %(most)s fit.") % {"n": len(names), "most": MAX_COLUMNS}
        )
    if any(len(name) > MAX_NAME or "\0" in name for name in names):
        raise FileRefused(_("The first row does not hold names of columns. Is this a CSV file?"))
    data = sum(bool(_NUMERIC.fullmatch(name)) for name in names)
    if any(_ADDRESS.fullmatch(name) for name in names) or 2 * data > len(names):
        raise FileRefused(
            _("The first row looks like data. Put a row with the names of the columns above it.")
        )
    counts = Counter(name.casefold() for name in names)
    twice = sorted({name for name in names if counts[name.casefold()] > 1})
    if twice:
        raise FileRefused(
            _("Two columns have the same name: %(names)s. Give each its own.") % {"names": ", ".join(twice)}
        )
