"""
How the figures of the hub grow with the data: the other benchmarks at several sizes, as a table and a plot.

Each size is a run of its own, for the large ones take long. The lines are kept beside the page, which is
written anew from all that are there. `grows` says by what power of the number of contacts a time grows: 0
does not, 1 as the data does, and more than 1 would be a fault.

    python -m benchmarks.growth --contacts 100000 [--parts import pages …]
    python -m benchmarks.growth                     (only write the page)
"""

import argparse
import json
import math
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent.parent / "docs"
LINES, PAGE, PLOT = DOCS / "growth.jsonl", DOCS / "growth.md", DOCS / "img" / "growth.svg"
Figure = dict[str, Any]
# What is run for a size.
PARTS = {
    "import": "import_contacts --only-memory --memory-rows {contacts}",
    "ingest": "ingest --seconds 5 --runs 1 --contacts {contacts}",
    "segments": "segment_membership --contacts {contacts} --events {events} --seconds 20 --runs 2",
    "pages": "pages --contacts {contacts}",
    "quality": "quality_scan --contacts {contacts}",
}


TEXT = """\
# How it grows

Measured by `python -m benchmarks.growth` on {machine}, with the database, the queue and the clients on
the same machine. There are ten events for each contact; for the pages, and with ten million contacts, one.

{table}

*grows* is the power of the number of contacts by which the time of the work grows: 0 is constant, 1 is as
fast as the data. Imports, scans and segments go through everybody; the others should stay as they are.

![The time of each, as a multiple of that at the smallest size](img/growth.svg)
"""


@dataclass(frozen=True)
class Measure:
    """One line of the table. A rate counts rows or events a second: its time is that of all contacts."""

    label: str
    figure: str  # with the size taken out
    key: str
    unit: str
    is_rate: bool = False
    is_of_all: bool = False  # the rate is of work that there is once for each contact

    def seconds(self, value: float, contacts: int) -> float:
        """Return what the figure says of the time of the work, in any unit."""
        if not self.is_rate:
            return value
        return (contacts if self.is_of_all else 1) / value


MEASURES = [
    Measure("Import, new rows", "import of # rows, new", "rows_per_s", "rows/s", True, True),
    Measure("Import, unchanged rows", "import of # rows, unchanged", "rows_per_s", "rows/s", True, True),
    Measure("Import, a tenth changed", "import of # rows, # % changed", "rows_per_s", "rows/s", True, True),
    Measure("Ingest, batches of 100", "ingest batch of #", "events_per_second", "events/s", True),
    Measure("Ingest, single events", "ingest single track", "events_per_second", "events/s", True),
    Measure("Segment of five conditions, built", "segment built, # conditions", "seconds", "s"),
    Measure("Segment estimate, p95", "segment estimate", "p95_ms", "ms"),
    Measure("Membership behind events, p95", "segments behind events, # live", "p95_ms", "ms"),
    Measure("Contacts list, two filters, p95", "page: contacts list, two filters", "p95_ms", "ms"),
    Measure("Profile with 10,000 events, p95", "page: profile with # events", "p95_ms", "ms"),
    Measure("Quality scan", "quality scan: every rule", "seconds", "s"),
]


def run(part: str, contacts: int) -> Iterable[Figure]:
    """
    Yield the figures of a part at a size.

    :raises subprocess.CalledProcessError: it failed
    """
    words = PARTS[part].format(contacts=contacts, events=10 * contacts).split()
    command = [sys.executable, "-W", "ignore", "-m", f"benchmarks.{words[0]}", *words[1:]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            if line.startswith("{"):
                yield {**json.loads(line), "contacts": contacts}
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)


def sizeless(figure: str) -> str:
    """Return the name of a figure with each number in it as #."""
    return re.sub(r"\d[\d,]*(?= |$)", "#", figure)


def values(lines: Sequence[Figure], measure: Measure) -> dict[int, float]:
    """Return the last value that was measured at each size."""
    return {
        line["contacts"]: line[measure.key]
        for line in lines
        if sizeless(line["figure"]) == measure.figure and measure.key in line
    }


def power(measure: Measure, found: dict[int, float]) -> float | None:
    """Return p where the time grows as the number of contacts to the power of p, from smallest to largest."""
    if len(found) < 2:
        return None
    first, last = min(found), max(found)
    ratio = measure.seconds(found[last], last) / measure.seconds(found[first], first)
    return math.log(ratio) / math.log(last / first)


def page(lines: Sequence[Figure]) -> str:
    sizes = sorted({line["contacts"] for line in lines})
    head = ["", *(f"{size:,} contacts" for size in sizes), "grows"]
    rows = [head, ["---", *["---:"] * (len(sizes) + 1)]]
    for measure in MEASURES:
        found = values(lines, measure)
        if not found:
            continue
        cells = [f"{_told(found[size])} {measure.unit}" if size in found else "" for size in sizes]
        grown = power(measure, found)
        rows.append([measure.label, *cells, "" if grown is None else f"{grown:.2f}"])
    table = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    machine = f"{os.cpu_count()} cores ({platform.machine()})"
    return TEXT.format(machine=machine, table=table)


def plot(lines: Sequence[Figure]) -> str:
    """Return a picture, both axes logarithmic: how many times the time at the smallest size."""
    sizes = sorted({line["contacts"] for line in lines})
    wide, high, left, top, right, bottom = 860, 420, 60, 24, 300, 48
    most = sizes[-1] / sizes[0]
    low = 0.3

    def x(size: int) -> float:
        return left + (wide - left - right) * math.log(size / sizes[0]) / math.log(most)

    def y(ratio: float) -> float:
        part = math.log(max(ratio, low) / low) / math.log(most * 2 / low)
        return high - bottom - (high - top - bottom) * part

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" '
        'font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="Growth">',
        f'<rect width="{wide}" height="{high}" fill="#fff"/>',
    ]
    for size in sizes:
        parts.append(f'<path d="M{x(size):.0f} {top}V{high - bottom}" stroke="#ddd"/>')
        parts.append(f'<text x="{x(size):.0f}" y="{high - 24}" text-anchor="middle">{size:,}</text>')
    for step in range(int(math.log10(most)) + 1):
        parts.append(f'<path d="M{left} {y(10**step):.0f}H{wide - right}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 8}" y="{y(10**step) + 4:.0f}" text-anchor="end">× {10**step}</text>')
    parts.append(
        f'<path d="M{x(sizes[0]):.0f} {y(1):.0f}L{x(sizes[-1]):.0f} {y(most):.0f}" stroke="#999" '
        'stroke-dasharray="4 4"/>'
    )
    parts += _curves(lines, sizes, x, y, wide - right)
    parts.append(
        f'<text x="{(left + wide - right) / 2:.0f}" y="{high - 6}" text-anchor="middle">contacts</text>'
    )
    return "\n".join([*parts, "</svg>", ""])


COLOURS = (
    *("#1b6ca8", "#c0392b", "#2e8b57", "#8e44ad", "#d68910", "#16a085"),
    *("#7f4f24", "#2c3e50", "#d81b60", "#607d1c", "#5b6ee1"),
)


def _curves(lines: Sequence[Figure], sizes: Sequence[int], x: Any, y: Any, edge: float) -> list[str]:
    """Return the curves and, in the order in which they end, their names."""
    curves = []
    for measure, colour in zip(MEASURES, COLOURS, strict=True):
        found = values(lines, measure)
        if sizes[0] not in found or len(found) < 2:
            continue
        first = measure.seconds(found[sizes[0]], sizes[0])
        times = {size: measure.seconds(found[size], size) / first for size in sorted(found)}
        curves.append((times[max(times)], max(times), measure.label, colour, times))
    parts, free = [], -math.inf
    for ratio, last, label, colour, times in sorted(curves, key=lambda curve: -curve[0]):
        path = "L".join(f"{x(size):.0f} {y(value):.0f}" for size, value in times.items())
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        free = max(free + 16, y(ratio))
        parts.append(
            f'<path d="M{x(last):.0f} {y(ratio):.0f}L{edge + 14:.0f} {free:.0f}" stroke="{colour}"/>'
        )
        parts.append(f'<text x="{edge + 18:.0f}" y="{free + 4:.0f}" fill="{colour}">{label}</text>')
    return parts


def _told(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--contacts", type=int)
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=list(PARTS))
    asked = parser.parse_args()
    if asked.contacts:
        with LINES.open("a") as kept:
            for part in asked.parts:
                for figure in run(part, asked.contacts):
                    print(json.dumps(figure), flush=True)
                    kept.write(json.dumps(figure) + "\n")
                    kept.flush()
    lines = [json.loads(line) for line in LINES.read_text().splitlines()]
    PAGE.write_text(page(lines))
    PLOT.write_text(plot(lines))


if __name__ == "__main__":
    main()
