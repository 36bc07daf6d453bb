"""What files people may attach, told by what is in them: a name says what somebody wants us to believe."""

import zipfile
from typing import IO

import filetype  # type: ignore[import-untyped]  # untyped package
from django.utils.translation import gettext as _

from apps.core.errors import DomainError

HEAD = 8192
BLOCK = 65536
OCTETS = "application/octet-stream"
OFFICE = "application/vnd.openxmlformats-officedocument"
OPEN_DOCUMENT = "application/vnd.oasis.opendocument"
VIDEO = frozenset({"mp4", "m4v", "mov", "3gp"})

# The ending of a name: as what it is served, and what its content must be found to be.
KINDS: dict[str, tuple[str, frozenset[str]]] = {
    "png": ("image/png", frozenset({"png", "apng"})),
    "jpg": ("image/jpeg", frozenset({"jpg"})),
    "jpeg": ("image/jpeg", frozenset({"jpg"})),
    "gif": ("image/gif", frozenset({"gif"})),
    "webp": ("image/webp", frozenset({"webp"})),
    "heic": ("image/heic", frozenset({"heic"})),
    "tif": ("image/tiff", frozenset({"tif"})),
    "tiff": ("image/tiff", frozenset({"tif"})),
    "psd": ("image/vnd.adobe.photoshop", frozenset({"psd"})),
    "ai": (OCTETS, frozenset({"pdf", "ps"})),
    "eps": (OCTETS, frozenset({"ps"})),
    "pdf": ("application/pdf", frozenset({"pdf"})),
    "docx": (f"{OFFICE}.wordprocessingml.document", frozenset({"docx"})),
    "xlsx": (f"{OFFICE}.spreadsheetml.sheet", frozenset({"xlsx"})),
    "pptx": (f"{OFFICE}.presentationml.presentation", frozenset({"pptx"})),
    "odt": (f"{OPEN_DOCUMENT}.text", frozenset({"odt"})),
    "ods": (f"{OPEN_DOCUMENT}.spreadsheet", frozenset({"ods"})),
    "odp": (f"{OPEN_DOCUMENT}.presentation", frozenset({"odp"})),
    "doc": ("application/msword", frozenset({"ole"})),
    "xls": ("application/vnd.ms-excel", frozenset({"ole"})),
    "ppt": ("application/vnd.ms-powerpoint", frozenset({"ole"})),
    "zip": ("application/zip", frozenset({"zip", "docx", "xlsx", "pptx", "odt", "ods", "odp"})),
    "mp4": ("video/mp4", VIDEO),
    "m4v": ("video/mp4", VIDEO),
    "mov": ("video/quicktime", VIDEO),
    "webm": ("video/webm", frozenset({"webm", "mkv"})),
    "mp3": ("audio/mpeg", frozenset({"mp3"})),
    "m4a": ("audio/mp4", frozenset({"m4a", *VIDEO})),
    "wav": ("audio/wav", frozenset({"wav"})),
    "txt": ("text/plain", frozenset({"text", "html", "svg"})),
    "md": ("text/plain", frozenset({"text", "html", "svg"})),
    "csv": ("text/csv", frozenset({"text"})),
    "json": ("application/json", frozenset({"text"})),
    "ics": ("text/calendar", frozenset({"text"})),
    # What a browser would run is handed out as bytes of no kind.
    "html": (OCTETS, frozenset({"html", "text"})),
    "htm": (OCTETS, frozenset({"html", "text"})),
    "svg": (OCTETS, frozenset({"svg"})),
}
PROGRAMS = (
    b"MZ",
    b"\x7fELF",
    b"\xfe\xed\xfa",
    b"\xcf\xfa\xed\xfe",
    b"\xce\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"\x00asm",
    b"#!",
)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MEMBERS = {"word/": "docx", "xl/": "xlsx", "ppt/": "pptx"}
DOCUMENTS = {"text": "odt", "spreadsheet": "ods", "presentation": "odp"}


class FileRefused(DomainError):
    """This file is not taken; the sentence says why."""

    field = "file"


def media_type_of(name: str, content: IO[bytes]) -> str:
    """
    Return as what a file of this name and content is served. Reads it through, and rewinds it.

    :raises FileRefused: a kind that is not taken, a program, or one kind that calls itself another
    """
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    found = detected(content)
    if found == "program":
        raise FileRefused(_("Programs cannot be attached."))
    known = KINDS.get(ending)
    if known is None:
        said = _("Files of this kind cannot be attached. Known are: %(known)s.")
        raise FileRefused(said % {"known": ", ".join(sorted(KINDS))})
    media_type, contents = known
    if found not in contents:
        raise FileRefused(
            _("The name ends in “.%(ending)s”, but that is not what is in it.") % {"ending": ending}
        )
    return media_type


def detected(content: IO[bytes]) -> str:
    """Return what is in a file: an ending, or `program`, `ole`, `text`, `unknown`; an empty one is a text."""
    content.seek(0)
    head = content.read(HEAD)
    try:
        return _of_head(head) or _of_archive(head, content) or _of_text(head, content) or "unknown"
    finally:
        content.seek(0)


def _of_head(head: bytes) -> str:
    if head.startswith(PROGRAMS):
        return "program"
    if head.startswith(OLE):
        return "ole"
    found = filetype.guess_extension(head)
    # What is a zip by its head may be a document: that is told by what it holds.
    return "" if found in {None, "zip", *MEMBERS.values(), *DOCUMENTS.values()} else str(found)


def _of_archive(head: bytes, content: IO[bytes]) -> str:
    if not head.startswith(b"PK"):
        return ""
    try:
        with zipfile.ZipFile(content) as archive:
            names = archive.namelist()
            if "mimetype" in names and archive.getinfo("mimetype").file_size < BLOCK:
                kind = archive.read("mimetype").decode("ascii", "replace").rpartition(".")[2]
                return DOCUMENTS.get(kind, "zip")
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError):
        return "unknown"
    if "[Content_Types].xml" in names:
        return next((kind for part, kind in MEMBERS.items() if any(n.startswith(part) for n in names)), "zip")
    return "zip"


def _of_text(head: bytes, content: IO[bytes]) -> str:
    if not _is_text(content):
        return ""
    begins = head.decode("utf-8", "ignore").lstrip("\ufeff \t\r\n").lower()
    if begins.startswith(("<svg", "<?xml", "<!--")) and "<svg" in begins:
        return "svg"
    return "html" if begins.startswith(("<!doctype html", "<html", "<head", "<body", "<script")) else "text"


def _is_text(content: IO[bytes]) -> bool:
    """Test if all of it can be read as text, in UTF-8 or an older code: no text has control characters."""
    content.seek(0)
    while block := content.read(BLOCK):
        if any(byte < 9 or 13 < byte < 27 for byte in set(block)):
            return False
    return True
