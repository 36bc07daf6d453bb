"""
The mailbox in which bounces and complaints end up: a folder of an IMAP server, or a Maildir.

Nothing is deleted. What has been read is marked as seen, what could not be taken in is flagged too, and
neither is met again: how long the mails stay is for the owner of the mailbox.
"""

import imaplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from apps.messaging.bounces import LARGEST

PATIENCE = 20.0  # seconds for each answer of an IMAP server
SCHEMES = {"imap", "imaps", "maildir"}


class MailboxUnavailable(Exception):
    """It cannot be opened or read. The text is for people and holds no password."""


@dataclass(frozen=True)
class Waiting:
    """One unread mail. `done(ok)` marks it as seen; flagged too, where it could not be taken in."""

    raw: bytes
    done: Callable[[bool], None]


@contextmanager
def unread(url: str, *, limit: int) -> Iterator[Iterator[Waiting]]:
    """
    Open the mailbox and give at most `limit` unread mails, oldest first.

    :raises MailboxUnavailable: no such mailbox, or it cannot be reached
    """
    parts = urlsplit(url)
    try:
        if parts.scheme == "maildir":
            yield _of_maildir(Path(unquote(parts.path)), limit)
        elif parts.scheme in SCHEMES and parts.hostname:
            with _imap(url) as server:
                yield _of_imap(server, limit)
        else:
            raise MailboxUnavailable("BOUNCE_MAILBOX_URL must look like imaps://user:password@host/INBOX.")
    except (OSError, imaplib.IMAP4.error, ValueError) as error:
        raise MailboxUnavailable(f"{parts.hostname or parts.path}: {error}") from error


def _of_maildir(folder: Path, limit: int) -> Iterator[Waiting]:
    """A delivered mail stands in `new` and moves to `cur` with its flags, by one rename."""
    for file in sorted((folder / "new").iterdir(), key=lambda file: file.name)[:limit]:

        def done(ok: bool, file: Path = file) -> None:
            target = folder / "cur" / f"{file.name}:2,{'S' if ok else 'FS'}"
            # Another worker may have been as quick; that it is there once is all that matters.
            if file.exists():
                file.rename(target)

        with file.open("rb") as opened:
            raw = opened.read(LARGEST)
        yield Waiting(raw, done)


@contextmanager
def _imap(url: str) -> Iterator[imaplib.IMAP4]:
    parts = urlsplit(url)
    host, folder = parts.hostname or "", unquote(parts.path.strip("/")) or "INBOX"
    if parts.scheme == "imaps":
        context = ssl.create_default_context()
        server: imaplib.IMAP4 = imaplib.IMAP4_SSL(
            host, parts.port or 993, ssl_context=context, timeout=PATIENCE
        )
    else:
        server = imaplib.IMAP4(host, parts.port or 143, timeout=PATIENCE)
    try:
        if "STARTTLS" in server.capabilities:
            server.starttls(ssl.create_default_context())
        server.login(unquote(parts.username or ""), unquote(parts.password or ""))
        answer, told = server.select('"{}"'.format(folder.replace("\\", "").replace('"', "")))
        if answer != "OK":
            raise MailboxUnavailable(f"{host}: {told!r}")
        yield server
    finally:
        _goodbye(server)


def _goodbye(server: imaplib.IMAP4) -> None:
    try:
        server.logout()
    except (OSError, imaplib.IMAP4.error):
        server.shutdown()


def _of_imap(server: imaplib.IMAP4, limit: int) -> Iterator[Waiting]:
    _answer, found = server.uid("SEARCH", "UNSEEN")
    for uid in (found[0] or b"").split()[:limit]:
        # PEEK: it is seen once it has been taken in, and not before.
        _answer, told = server.uid("FETCH", uid.decode(), f"(BODY.PEEK[]<0.{LARGEST}>)")
        raw = next((part[1] for part in told if isinstance(part, tuple)), None)
        if raw is None:
            continue  # gone meanwhile

        def done(ok: bool, uid: str = uid.decode()) -> None:
            server.uid("STORE", uid, "+FLAGS.SILENT", r"(\Seen)" if ok else r"(\Seen \Flagged)")

        yield Waiting(raw, done)
