"""
One conversation with a mail server, kept open for many e-mails (RFC 5321, pipelined by RFC 2920).

What matters is the final dot. Until it has been written nothing can be taken for an e-mail, whatever happens;
after it only the server's answer tells what became of the mail.
"""

import asyncio
import base64
import socket
import ssl
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple, cast

from apps.core.outgoing import may_go_to
from apps.messaging.delivery.mail import Mail
from apps.messaging.delivery.outcome import Outcome
from apps.messaging.delivery.server import Server

CLOSING = 421  # "I am going down", at any verb: says nothing about the mail in hand
REPLY_LIMIT = 64 * 1024
MOST_REPLIES = 100  # unread: no more than a few are ever asked for at once
GO_AHEAD = 354
OUT_OF_STEP = "The server said something else than it was asked."


class ServerOutOfReach(Exception):
    """No conversation came about, or it ended before the mail's final dot. The text says how, for people."""


class SignInRefused(ServerOutOfReach):
    """The server does not take our user name and password, and says that it never will."""


class Reply(NamedTuple):
    code: int
    text: str

    @property
    def is_good(self) -> bool:
        return self.code < 400

    @property
    def is_passing(self) -> bool:
        return 400 <= self.code < 500

    def __str__(self) -> str:
        return f"{self.code} {self.text}".rstrip()


@dataclass(frozen=True)
class Timeouts:
    """Seconds of silence before a phase counts as failed; all together shorter than a lease."""

    connect: float = 15
    command: float = 45
    answer: float = 120  # to the final dot: servers scan before they answer, and giving up costs an `unknown`


class Conversation(asyncio.Protocol):
    """The wire: writes bytes, cuts what comes back into replies, and wakes whoever waits for them."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._unread = b""
        self._lines: list[str] = []
        self._replies: deque[Reply] = deque()
        self._wanted = 0
        self._waiter: asyncio.Future[None] | None = None
        # One alarm for many waits: to set and cancel one for each would take longer than to read the answer.
        self._alarm: asyncio.TimerHandle | None = None
        self._deadline = self._patience = 0.0
        self._loss: str | None = "not connected"
        # False while bytes that were written still wait on this side: the last of them has not left.
        self.has_all_left = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # By kind and not by class: the transports of uvloop descend from none.
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=0)
        self._loss = None

    def pause_writing(self) -> None:
        self.has_all_left = False

    def resume_writing(self) -> None:
        # The transport also throws its bytes away when it dies; those have not left.
        self.has_all_left = self._loss is None

    def data_received(self, data: bytes) -> None:
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            self._line_received(line.rstrip(b"\r"))
        if len(self._unread) > REPLY_LIMIT or len(self._lines) > REPLY_LIMIT // 8:
            self.drop("The server's answer does not end.")
        elif len(self._replies) > MOST_REPLIES:
            self.drop(OUT_OF_STEP)
        elif self._waiter and len(self._replies) >= self._wanted:
            self._wake()

    def _line_received(self, line: bytes) -> None:
        if not line[:3].isdigit() or line[3:4] not in {b"", b" ", b"-"}:
            self.drop("The server answers, but not in SMTP.")
            return
        self._lines.append(line[4:].decode("utf-8", "replace").replace("\0", "").replace("\r", " "))
        if line[3:4] != b"-":
            self._replies.append(Reply(int(line[:3]), "\n".join(self._lines)))
            self._lines = []

    def connection_lost(self, exc: Exception | None) -> None:
        if self._alarm:
            self._alarm.cancel()
        self._loss = self._loss or (str(exc) if exc else "The server closed the connection.")
        self._wake()

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    def _time_is_up(self) -> None:
        self._alarm = None
        if self._waiter is None or self._loss is not None:
            return
        loop = asyncio.get_running_loop()
        if loop.time() < self._deadline:  # that was the alarm of an earlier wait
            self._alarm = loop.call_at(self._deadline, self._time_is_up)
        else:
            self.drop(f"The server was silent for {self._patience:g} seconds.")

    def _alarm_set(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._patience, self._deadline = seconds, loop.time() + seconds
        if self._alarm and self._alarm.when() > self._deadline:
            self._alarm.cancel()
            self._alarm = None
        if self._alarm is None:
            self._alarm = loop.call_at(self._deadline, self._time_is_up)

    @property
    def is_open(self) -> bool:
        return self._loss is None and self._transport is not None and not self._transport.is_closing()

    @property
    def has_unasked(self) -> bool:
        """Test, once all that was asked is answered, if the server has said more than that."""
        return bool(self._replies)

    @property
    def loss(self) -> str:
        return self._loss or ""

    def drop(self, why: str) -> None:
        """Hang up at once: what is left of this conversation answers nobody any more."""
        self._loss = self._loss or why
        if self._transport:
            self._transport.abort()
        self._wake()

    def write(self, data: bytes) -> None:
        if not self.is_open:
            raise ServerOutOfReach(self.loss or "The connection is closed.")
        assert self._transport
        self._transport.write(data)

    async def read(self, count: int, seconds: float) -> list[Reply]:
        """
        Return the next `count` replies.

        :raises ServerOutOfReach: silence of `seconds`, or the connection is gone
        """
        loop = asyncio.get_running_loop()
        if len(self._replies) < count and self._loss is None:
            self._wanted = count
            self._waiter = loop.create_future()
            self._alarm_set(loop, seconds)
            try:
                await self._waiter
            finally:
                self._waiter = None
        if len(self._replies) < count:
            # The last words of a server that hangs up ("421 too busy") say more than "connection closed".
            last_words = [str(reply) for reply in self._replies if reply.code == CLOSING]
            raise ServerOutOfReach(last_words[0] if last_words else self.loss)
        return [self._replies.popleft() for _ in range(count)]

    async def ask(self, line: str, seconds: float) -> Reply:
        self.write(line.encode() + b"\r\n")
        [reply] = await self.read(1, seconds)
        return reply

    async def start_tls(self, server: Server, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        assert self._transport
        if self._unread or self._replies:
            # Whoever sits between could have put commands in before the encryption began.
            raise ServerOutOfReach("The server said more than it may before TLS.")
        transport = await loop.start_tls(
            self._transport,
            self,
            _tls(),
            server_hostname=server.host,
            ssl_handshake_timeout=seconds,
        )
        self._transport = cast(asyncio.Transport, transport)


class Connection:
    """A server that knows us by now and takes one e-mail after the other."""

    def __init__(self, server: Server, timeouts: Timeouts) -> None:
        self.server = server
        self.timeouts = timeouts
        self.extensions: dict[str, str] = {}
        self.turns = 0  # mails that were begun, whatever became of them
        self._asked: Mail | None = None  # whose envelope was written with the mail before it
        self._wire = Conversation()

    @property
    def is_open(self) -> bool:
        return self._wire.is_open

    async def open(self) -> None:
        """
        Connect, greet, encrypt and sign in as the server asks.

        :raises ServerOutOfReach: any of this failed
        """
        try:
            async with asyncio.timeout(self.timeouts.connect):
                await self._connect()
            await self._greet()
        except TimeoutError:
            self._wire.drop("timed out")
            raise ServerOutOfReach(f"No connection to {self.server} in time.") from None
        except UnicodeError:  # an empty label, or one that is too long: not asked, and no OSError
            raise ServerOutOfReach(f"No connection to {self.server}: this is no name of a host.") from None
        except (OSError, ssl.SSLError) as error:
            self._wire.drop(str(error))
            raise ServerOutOfReach(f"No connection to {self.server}: {error}") from error
        except ServerOutOfReach as error:
            self._wire.drop(str(error))
            raise

    async def _connect(self) -> None:
        server = self.server
        encrypted = _tls() if server.security == "tls" else None
        loop = asyncio.get_running_loop()
        if not server.is_guarded:
            await loop.create_connection(lambda: self._wire, server.host, server.port, ssl=encrypted)
            return
        # Looked up once, and connected to what was found: the name must not mean something else meanwhile.
        found = await loop.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
        failure = OSError("This is not a public address.")
        for address in dict.fromkeys(str(info[4][0]) for info in found):
            if not may_go_to(server.host, address):
                continue
            name = server.host if encrypted else None
            try:
                await loop.create_connection(
                    lambda: self._wire, address, server.port, ssl=encrypted, server_hostname=name
                )
            except OSError as error:
                failure = error
            else:
                return
        raise failure

    async def _greet(self) -> None:
        seconds = self.timeouts.command
        [greeting] = await self._wire.read(1, seconds)
        if not greeting.is_good:
            raise ServerOutOfReach(str(greeting))
        await self._hello()
        if self.server.security == "starttls":
            if "STARTTLS" not in self.extensions:
                raise ServerOutOfReach("The server does not offer STARTTLS, which the settings ask for.")
            self._expect_good(await self._wire.ask("STARTTLS", seconds))
            await self._wire.start_tls(self.server, self.timeouts.connect)
            await self._hello()  # what was offered in the clear does not count
        if self.server.user:
            await self._sign_in()

    async def _hello(self) -> None:
        reply = await self._wire.ask(f"EHLO {self.server.own_name}", self.timeouts.command)
        if not reply.is_good:
            self._expect_good(await self._wire.ask(f"HELO {self.server.own_name}", self.timeouts.command))
            reply = Reply(250, "")
        lines = [line.partition(" ") for line in reply.text.splitlines()[1:]]
        self.extensions = {word.upper(): rest.upper() for word, _, rest in lines}

    async def _sign_in(self) -> None:
        user, password = self.server.user, self.server.password
        if (
            "LOGIN" in self.extensions.get("AUTH", "").split()
            and "PLAIN" not in self.extensions["AUTH"].split()
        ):
            steps = ["AUTH LOGIN", _base64(user), _base64(password)]
        else:
            steps = [f"AUTH PLAIN {_base64(f'{chr(0)}{user}{chr(0)}{password}')}"]
        for step in steps:
            reply = await self._wire.ask(step, self.timeouts.command)
            if not reply.is_good:
                refusal = ServerOutOfReach if reply.is_passing else SignInRefused
                raise refusal(f"The mail server refused our user name and password: {reply}")

    @staticmethod
    def _expect_good(reply: Reply) -> None:
        if not reply.is_good:
            raise ServerOutOfReach(str(reply))

    async def send(self, mail: Mail, *, following: Mail | None = None) -> Outcome:
        """
        Hand one e-mail over and say how that ended. Never `queued`: that is for whoever tried.

        The envelope of the one that follows, if it is known, goes in one group with the text of this one
        (RFC 2920, 3.1), which saves a round trip for each mail. Then it must be the next.

        :raises ServerOutOfReach: the conversation ended before the final dot, so nothing has left
        """
        self.turns += 1
        if mail.needs_utf8 and "SMTPUTF8" not in self.extensions:
            return Outcome.refused("The mail server does not take addresses with such letters.")
        sender, recipient, go = await self._envelope(mail)
        if self._wire.has_unasked or (go and go.is_good and go.code != GO_AHEAD):
            raise self._out_of_step()
        if refusal := _refusal(sender, recipient, go):
            await self._clear(is_reading=go is not None and go.code == GO_AHEAD)
            return refusal
        if following and "PIPELINING" in self.extensions and not following.needs_utf8:
            self._wire.write(mail.content + b".\r\n" + _commands(following))
            self._asked = following
        else:
            self._wire.write(mail.content + b".\r\n")
        return await self._verdict()

    def _out_of_step(self) -> ServerOutOfReach:
        """
        Hang up on a server that gives one answer too many, and say so.

        Each answer from there on would be taken for that to something else, and one person's mail end up in
        the text of the next one's.
        """
        self._wire.drop(OUT_OF_STEP)
        return ServerOutOfReach(OUT_OF_STEP)

    async def _envelope(self, mail: Mail) -> tuple[Reply, Reply | None, Reply | None]:
        """Return the answers to MAIL, RCPT and DATA; None to what was not asked any more."""
        asked, self._asked = self._asked, None
        if asked is None and self._wire.has_unasked:
            raise self._out_of_step()
        if "PIPELINING" in self.extensions:
            if asked is not mail:
                self._wire.write(_commands(mail))
            sender, recipient, go = await self._wire.read(3, self.timeouts.command)
            return sender, recipient, go
        commands = _commands(mail).decode().splitlines()
        replies: list[Reply | None] = [None, None, None]
        for step, command in enumerate(commands):
            reply = await self._wire.ask(command, self.timeouts.command)
            replies[step] = reply
            if not reply.is_good:
                break
        assert replies[0]
        return replies[0], replies[1], replies[2]

    async def _verdict(self) -> Outcome:
        try:
            [reply] = await self._wire.read(1, self.timeouts.answer)
        except ServerOutOfReach as silence:
            if not self._wire.has_all_left and self._asked is None:
                raise  # the final dot is still here: nothing was written after it
            return Outcome.silence(str(silence))
        if reply.is_good:
            return Outcome.sent(str(reply))
        if reply.code == CLOSING:
            self._wire.drop(str(reply))
        return Outcome.not_now(str(reply)) if reply.is_passing else Outcome.refused(str(reply))

    async def _clear(self, *, is_reading: bool) -> None:
        """Bring the conversation back to where the next mail can begin; hang up where that fails."""
        try:
            if is_reading:
                # A server that says "go ahead" to nobody in particular gets an empty text (RFC 2920, 3.1).
                await self._wire.ask(".", self.timeouts.command)
            reply = await self._wire.ask("RSET", self.timeouts.command)
            if reply.code == GO_AHEAD:  # that was said to DATA, and RSET has become text
                raise self._out_of_step()
            self._expect_good(reply)
        except ServerOutOfReach as error:
            self._wire.drop(str(error))

    async def close(self) -> None:
        """Say goodbye, as one does; do not insist on the answer."""
        if self._wire.is_open:
            with suppress(ServerOutOfReach):
                await self._wire.ask("QUIT", 1)
        self._wire.drop("closed")


def _commands(mail: Mail) -> bytes:
    flag = " SMTPUTF8" if mail.needs_utf8 else ""
    return f"MAIL FROM:<{mail.sender}>{flag}\r\nRCPT TO:<{mail.recipient}>\r\nDATA\r\n".encode()


def _refusal(sender: Reply, recipient: Reply | None, go: Reply | None) -> Outcome | None:
    """
    Return why the envelope was not taken, None if it was.

    Only an answer to RCPT is about the person. One to MAIL is about us, and later ones are its echo.

    :raises ServerOutOfReach: the server is going down; that is about nobody's mail
    """
    for reply in (sender, recipient, go):
        if reply is not None and reply.code == CLOSING:
            raise ServerOutOfReach(str(reply))
    if not sender.is_good:
        return Outcome.not_now(str(sender)) if sender.is_passing else Outcome.our_fault(str(sender))
    assert recipient is not None
    if not recipient.is_good:
        return Outcome.not_now(str(recipient)) if recipient.is_passing else Outcome.refused(str(recipient))
    assert go is not None
    if not go.is_good:
        return Outcome.not_now(str(go)) if go.is_passing else Outcome.our_fault(str(go))
    return None


@cache
def _tls() -> ssl.SSLContext:
    """Certificates are checked, always. Made once: reading the authorities takes a while."""
    return ssl.create_default_context()


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
