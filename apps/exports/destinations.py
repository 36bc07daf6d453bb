"""
Where files of a schedule are put: a folder below EXPORT_ROOT, or a bucket of S3-compatible storage.

Both are named in the environment, with their keys, and offered only if they are. A file has its name once it
is whole; the manifest comes last, so whoever waits for it finds everything else in place.
"""

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.utils.translation import gettext as _

from apps.core.errors import DomainError
from apps.exports.models import Schedule

Destination = Schedule.Destination
Beat = Callable[[], None]
CHUNK = 8 << 20
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._ -]{0,99}")


class DestinationInvalid(DomainError):
    """Nothing can be put there."""

    field = "path"


class DeliveryFailed(Exception):
    """It could not be put there this time. The message is for people, and holds no secret."""


class Place(Protocol):
    def put(self, source: Path, name: str, *, beat: Beat) -> None:
        """
        Put the file there under this name, or in place of what has it. `beat` is called meanwhile.

        :raises DeliveryFailed: not this time
        """

    def shown(self, name: str) -> str:
        """Return the address of a name, for people."""


def destinations() -> list[str]:
    """Return those that the environment names."""
    offered = {Destination.FOLDER: settings.EXPORT_ROOT, Destination.S3: settings.EXPORT_S3_BUCKET}
    return [str(name) for name, is_named in offered.items() if is_named]


def path_check(path: str) -> str:
    """
    Return a path below the root, without slashes around it.

    :raises DestinationInvalid: it might lead anywhere else
    """
    path = path.strip().strip("/")
    if path and not all(_PART.fullmatch(part) for part in path.split("/")):
        raise DestinationInvalid(
            _("A folder is named by letters, digits, dots and hyphens, such as crm/contacts.")
        )
    return path


def place_of(destination: str) -> Place:
    """:raises DestinationInvalid: the environment names no such place"""
    if destination not in destinations():
        raise DestinationInvalid(
            _("This server has no such place. Its administrator names it in EXPORT_ROOT or EXPORT_S3_BUCKET.")
        )
    return Folder(Path(settings.EXPORT_ROOT)) if destination == Destination.FOLDER else S3()


@dataclass(frozen=True)
class Folder:
    root: Path

    def put(self, source: Path, name: str, *, beat: Beat) -> None:
        target = self.root / name
        try:
            root = self.root.resolve(strict=True)
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.parent.resolve().is_relative_to(root):  # a link that leads out
                raise DeliveryFailed(_("The folder leads out of EXPORT_ROOT."))
            part = target.with_name(f".{target.name}.part")
            with source.open("rb") as read, part.open("wb") as write:
                while chunk := read.read(CHUNK):
                    write.write(chunk)
                    beat()
                write.flush()
                os.fsync(write.fileno())
            shutil.move(part, target)
        except OSError as error:
            told = {"why": error.strerror}
            raise DeliveryFailed(_("The folder cannot be written: %(why)s.") % told) from error

    def shown(self, name: str) -> str:
        return str(self.root / name)


class S3:
    """By keys of the environment alone: neither of this machine's own nor of a file in somebody's home."""

    def __init__(self) -> None:
        # 20 MB of it: only workers that deliver pay for it.
        import boto3  # noqa: PLC0415
        from botocore.config import Config  # noqa: PLC0415

        self._client: Any = boto3.client(
            "s3",
            endpoint_url=settings.EXPORT_S3_ENDPOINT or None,
            region_name=settings.EXPORT_S3_REGION,
            aws_access_key_id=settings.EXPORT_S3_ACCESS_KEY_ID,
            aws_secret_access_key=settings.EXPORT_S3_SECRET_ACCESS_KEY,
            config=Config(
                connect_timeout=10, read_timeout=60, retries={"mode": "standard", "max_attempts": 3}
            ),
        )

    def put(self, source: Path, name: str, *, beat: Beat) -> None:
        from boto3.exceptions import Boto3Error  # noqa: PLC0415
        from boto3.s3.transfer import TransferConfig  # noqa: PLC0415
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        try:
            # In this thread, in parts that are small beside the memory; an object is there once it is whole.
            self._client.upload_file(
                str(source),
                settings.EXPORT_S3_BUCKET,
                name,
                Config=TransferConfig(use_threads=False, multipart_chunksize=CHUNK),
                Callback=lambda _sent: beat(),
            )
        except (BotoCoreError, Boto3Error, ClientError) as error:
            raise DeliveryFailed(_("The storage refused it: %(why)s") % {"why": _reason(error)}) from error

    def shown(self, name: str) -> str:
        return f"s3://{settings.EXPORT_S3_BUCKET}/{name}"


def _reason(error: Exception) -> str:
    """Return what a storage said, or what kind of silence it was; addresses may hold keys, so no more."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    told: dict[str, Any] = getattr(error, "response", {})
    return str(told.get("Error", {}).get("Code") or type(error).__name__)[:100]
