"""Writing iCalendar (RFC 5545), as much of it as days of campaigns need. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

LINE = 75  # octets, without the line break: section 3.1
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class Entry:
    """One or several whole days, `last` included. `uid` stays the same as long as the thing does."""

    uid: str
    first: date
    last: date
    summary: str
    url: str
    changed_at: datetime
    sequence: int = 0
    description: str = ""


def calendar_write(name: str, entries: Iterable[Entry], *, now: datetime) -> bytes:
    """Return a calendar of whole days that block no time, in UTF-8."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Bookend//Campaigns//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{escaped(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    ]
    for entry in entries:
        lines += _event(entry, now)
    lines.append("END:VCALENDAR")
    return b"".join(folded(line) for line in lines)


def escaped(text: str) -> str:
    """Return a TEXT value: section 3.3.11. Control characters have no place in one."""
    text = CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    for plain, quoted in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(plain, quoted)
    return text


def folded(line: str) -> bytes:
    """Return a content line with its break; a long one goes on behind a space; no letter is cut in two."""
    parts, part, room = [], b"", LINE
    for letter in line:
        octets = letter.encode()
        if len(part) + len(octets) > room:
            parts.append(part)
            part, room = b"", LINE - 1
        part += octets
    parts.append(part)
    return b"\r\n ".join(parts) + b"\r\n"


def _event(entry: Entry, now: datetime) -> list[str]:
    lines = [
        "BEGIN:VEVENT",
        f"UID:{escaped(entry.uid)}",
        f"DTSTAMP:{_moment(now)}",
        f"LAST-MODIFIED:{_moment(entry.changed_at)}",
        f"SEQUENCE:{entry.sequence}",
        f"DTSTART;VALUE=DATE:{entry.first:%Y%m%d}",
        f"DTEND;VALUE=DATE:{entry.last + timedelta(days=1):%Y%m%d}",  # the day after: it is exclusive
        f"SUMMARY:{escaped(entry.summary)}",
        f"URL:{entry.url}",
        "TRANSP:TRANSPARENT",
    ]
    if entry.description:
        lines.append(f"DESCRIPTION:{escaped(entry.description)}")
    return [*lines, "END:VEVENT"]


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
