"""What stands beside a file of a schedule: how much it is, of what, and how to tell that it came whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson
from django.conf import settings
from django.utils.text import slugify

from apps.exports.columns import Column
from apps.exports.models import Export, Schedule


@dataclass(frozen=True)
class Made:
    """A file as it was written."""

    path: Path
    columns: Sequence[Column]
    rows: int
    size: int
    sha256: str


def names_of(export: Export, schedule: Schedule) -> tuple[str, str]:
    """
    Return the names of the file and of its manifest: one folder for each hour of the schedule.

    Tried again, an export has the same names, and takes the place of what came of it before.
    """
    hour = (export.due_at or export.created_at).astimezone(UTC)
    parts = [schedule.path, slugify(schedule.name) or f"schedule-{schedule.pk}", f"{hour:%Y%m%dT%H%M%SZ}"]
    folder = "/".join(part for part in parts if part)
    return f"{folder}/{export.kind}.{export.format}", f"{folder}/manifest.json"


def manifest_write(export: Export, made: Made, *, name: str, now: datetime) -> Path:
    """Write the manifest beside the file, and return where."""
    told = {
        "product": "Bookend",
        "version": settings.PRODUCT_VERSION,
        "export": export.pk,
        "name": export.name,
        "kind": export.kind,
        "format": export.format,
        "due_at": export.due_at,
        "made_at": now,
        "rows": made.rows,
        "columns": [{"name": column.head, "type": str(column.type)} for column in made.columns],
        "files": [
            {
                "name": name.rpartition("/")[2],
                "rows": made.rows,
                "bytes": made.size,
                "sha256": made.sha256,
            }
        ],
    }
    path = made.path.with_suffix(".manifest.json")
    path.write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    return path
