"""Where files of exports lie: in a folder of the media, each under a name that nobody can guess."""

import time
from collections.abc import Collection
from pathlib import Path

from django.conf import settings

LEFT_BEHIND = 3600.0  # seconds without a change, until what belongs to no export is taken for a dead worker's


def folder() -> Path:
    """Return the folder, made if it is not there yet."""
    found = Path(settings.MEDIA_ROOT) / "exports"
    found.mkdir(parents=True, exist_ok=True)
    return found


def path_of(name: str) -> Path:
    return folder() / Path(name).name


def remove(name: str) -> None:
    if name:
        path_of(name).unlink(missing_ok=True)


def clear(*, kept: Collection[str]) -> int:
    """Delete what belongs to no export, such as the half file of a killed worker; return how many."""
    oldest = time.time() - LEFT_BEHIND
    gone = 0
    for path in folder().iterdir():
        if path.is_file() and path.name not in kept and path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
            gone += 1
    return gone
