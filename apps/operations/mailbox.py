"""Reads what the mail catcher has kept: one line per message in `index.jsonl`, one file per message."""

import json
import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

INDEX = "index.jsonl"


@dataclass(frozen=True)
class Caught:
    """One message. `number` is where its line begins in the index: it never changes."""

    number: int
    at: datetime
    sender: str
    to: list[str]
    subject: str
    message_id: str
    size: int
    path: Path

    def content(self) -> bytes:
        return self.path.read_bytes()


@dataclass(frozen=True)
class MailPage:
    """Newest first. `older`: the `before` of the next page; None: there is none."""

    rows: list[Caught]
    total: int
    older: int | None


def caught_page(folder: Path, *, before: int | None, search: str, size: int) -> MailPage:
    """Return the newest messages before line `before` whose recipients contain `search`, without case."""
    rows: list[Caught] = []
    needle = search.strip().lower()
    with _index(folder) as index:
        for start, line in _lines_backwards(index, len(index) if before is None else before):
            if needle.encode() not in line.lower():  # most lines, without parsing them
                continue
            found = _caught(folder, start, line)
            if any(needle in address.lower() for address in found.to):
                rows.append(found)
            if len(rows) > size:
                break
        total = index[:].count(b"\n")
    older = rows[size - 1].number if len(rows) > size else None
    return MailPage(rows[:size], total, older)


def caught_get(folder: Path, number: int) -> Caught | None:
    """Return the message whose line begins at `number`, or None if no line does."""
    with _index(folder) as index:
        if not 0 <= number < len(index) or (number > 0 and index[number - 1 : number] != b"\n"):
            return None
        end = index.find(b"\n", number)
        return _caught(folder, number, index[number:end]) if end >= 0 else None


def caught_all(folder: Path) -> Iterator[Caught]:
    """Yield every message, oldest first, as a mail server's own record of what it took."""
    try:
        with (folder / INDEX).open("rb") as lines:
            start = 0
            for line in lines:
                if line.endswith(b"\n"):
                    yield _caught(folder, start, line)
                start += len(line)
    except FileNotFoundError:
        return


def parse(content: bytes) -> EmailMessage:
    return BytesParser(policy=policy.default).parsebytes(content)


def body(message: EmailMessage, kind: str) -> str:
    """Return the part that is `html` or `plain`, decoded; nothing if there is none."""
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content()).replace("\r\n", "\n")
    except LookupError:  # a charset that nobody knows
        return bytes(part.get_payload(decode=True) or b"").decode(errors="replace")


def _caught(folder: Path, start: int, line: bytes) -> Caught:
    fields: dict[str, Any] = json.loads(line)
    return Caught(
        number=start,
        at=datetime.fromisoformat(fields["at"]),
        sender=fields["from"],
        to=fields["to"],
        subject=fields["subject"],
        message_id=fields["message_id"],
        size=fields["size"],
        path=folder / fields["path"],
    )


def _lines_backwards(index: "mmap.mmap | bytes", end: int) -> Iterator[tuple[int, bytes]]:
    """Yield each line before `end` with its beginning. One being written has no end yet: left out."""
    end = index.rfind(b"\n", 0, min(end, len(index))) if end else -1
    while end >= 0:
        start = index.rfind(b"\n", 0, end) + 1
        yield start, index[start:end]
        end = start - 1


@contextmanager
def _index(folder: Path) -> "Iterator[mmap.mmap | bytes]":
    """Open the index without reading it: a large launch makes it many megabytes."""
    path = folder / INDEX
    if not path.exists() or path.stat().st_size == 0:
        yield b""
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        yield mapped
