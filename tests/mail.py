"""A real mail server that does as it is told: takes, refuses at any verb, falls silent, hangs up."""

import asyncio
import email
import email.policy
import re
import threading
from collections import defaultdict
from dataclasses import dataclass, field

SILENCE = "silence"
HANG_UP = "hang up"
EVERYONE = "*"
MAIL_ID = re.compile(rb"^Message-ID:\s*<([^>]+)>", re.IGNORECASE | re.MULTILINE)


@dataclass
class Taken:
    """One e-mail whose final dot has arrived: the server has it, whatever it answered."""

    sender: str
    recipient: str
    content: bytes

    @property
    def mail(self):
        return email.message_from_bytes(self.content, policy=email.policy.default)

    @property
    def mail_id(self):
        found = MAIL_ID.search(self.content)  # parsing tens of thousands would take minutes
        return found[1].decode()


@dataclass
class Script:
    """What to answer instead of "yes": `on("rcpt", "ann@example.com", "550 5.1.1 no such person")`."""

    answers: dict = field(default_factory=dict)

    def on(self, verb, address, answer, *, times=None):
        """`verb`: greeting, ehlo, auth, mail, rcpt, data, body (while it is read) or dot; so many `times`."""
        self.answers[verb, address] = [answer, times]

    def take(self, verb, address):
        for key in ((verb, address), (verb, EVERYONE)):
            entry = self.answers.get(key)
            if entry is not None and entry[1] != 0:
                if entry[1] is not None:
                    entry[1] -= 1
                return entry[0]
        return None


class ScriptedServer:
    """
    Listens on a free port of loopback, in a thread of its own. Use as a context manager.

    `taken` is the server's own record: every mail whose final dot arrived, also if no answer was given.
    `tls`: a context with the certificate that it shows from the first byte on.
    """

    def __init__(self, *, extensions=("PIPELINING", "8BITMIME"), tls=None, port=0):
        self.extensions = list(extensions)
        self.script = Script()
        self.taken = []
        self.connections = 0
        self.commands = []
        self.before_answer_to_dot = None  # called with the mail, in the server's thread
        self._tls = tls
        self._port = port
        self._open = set()
        self._silenced = threading.Event()

    def on(self, verb, address, answer, *, times=None):
        self.script.on(verb, address, answer, times=times)

    @property
    def url(self):
        return f"{'smtp+ssl' if self._tls else 'smtp'}://127.0.0.1:{self.port}"

    @property
    def copies(self):
        """How often each Message-ID has arrived."""
        counts = defaultdict(int)
        for taken in self.taken:
            counts[taken.mail_id] += 1
        return dict(counts)

    @property
    def recipients(self):
        return sorted(taken.recipient for taken in self.taken)

    def __enter__(self):
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=[started], daemon=True)
        self._thread.start()
        assert started.wait(5)
        return self

    def _run(self, started):
        asyncio.set_event_loop(self._loop)
        self._server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", self._port, limit=2**24, ssl=self._tls)
        )
        self.port = self._server.sockets[0].getsockname()[1]
        started.set()
        self._loop.run_forever()

    def __exit__(self, *_exc):
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _stop(self):
        self._server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader, writer):
        self._open.add(asyncio.current_task())
        self.connections += 1
        try:
            await _Session(self, reader, writer).run()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            self._open.discard(asyncio.current_task())


class _HungUp(ConnectionError):
    pass


class _Session:
    def __init__(self, server, reader, writer):
        self.server, self.reader, self.writer = server, reader, writer
        self.sender = self.recipient = ""

    async def say(self, verb, address, usual):
        """Answer as scripted, else as usual; return whether the answer was a yes."""
        answer = self.server.script.take(verb, address) or usual
        if answer is HANG_UP:
            raise _HungUp
        if answer is SILENCE:
            await asyncio.Event().wait()
        self.writer.write(answer.encode() + b"\r\n")
        await self.writer.drain()
        if answer.startswith("421"):
            raise _HungUp
        return answer[0] in "23"

    async def line(self):
        line = await self.reader.readuntil(b"\r\n")
        return line[:-2].decode()

    async def run(self):
        await self.say("greeting", EVERYONE, "220 scripted.example ready")
        while True:
            line = await self.line()
            verb = line.partition(" ")[0].upper()
            self.server.commands.append(line)
            if verb == "QUIT":
                self.writer.write(b"221 bye\r\n")
                return
            await getattr(self, f"on_{verb.lower()}", self.on_unknown)(line)

    async def on_unknown(self, line):
        await self.say("unknown", EVERYONE, "502 what?")

    async def on_ehlo(self, line):
        lines = ["scripted.example", *self.server.extensions]
        said = "\r\n".join(f"250{'-' if line is not lines[-1] else ' '}{line}" for line in lines)
        await self.say("ehlo", EVERYONE, said)

    async def on_helo(self, line):
        await self.say("helo", EVERYONE, "250 scripted.example")

    async def on_auth(self, line):
        if line == "AUTH LOGIN":
            self.writer.write(b"334 VXNlcm5hbWU6\r\n")
            user = await self.line()
            self.writer.write(b"334 UGFzc3dvcmQ6\r\n")
            line = f"AUTH LOGIN {user} {await self.line()}"
            self.server.commands.append(line)
        await self.say("auth", EVERYONE, "235 welcome")

    async def on_rset(self, line):
        self.sender = self.recipient = ""
        await self.say("rset", EVERYONE, "250 reset")

    async def on_mail(self, line):
        address = line.partition("<")[2].partition(">")[0]
        if await self.say("mail", address, "250 sender ok"):
            self.sender = address

    async def on_rcpt(self, line):
        address = line.partition("<")[2].partition(">")[0]
        if not self.sender:
            self.writer.write(b"503 need MAIL first\r\n")
        elif await self.say("rcpt", address, "250 recipient ok"):
            self.recipient = address

    async def on_data(self, line):
        if not self.recipient:
            self.writer.write(b"503 need RCPT first\r\n")
            return
        recipient, sender = self.recipient, self.sender
        if not await self.say("data", recipient, "354 go ahead"):
            return
        behaviour = self.server.script.take("body", recipient)
        if behaviour is HANG_UP:
            await self.reader.read(1)
            raise _HungUp
        if behaviour is SILENCE:
            await asyncio.Event().wait()
        content = await self.reader.readuntil(b"\r\n.\r\n")
        taken = Taken(sender, recipient, content[:-3].replace(b"\r\n..", b"\r\n."))
        self.server.taken.append(taken)
        self.sender = self.recipient = ""
        if self.server.before_answer_to_dot:
            await asyncio.get_running_loop().run_in_executor(None, self.server.before_answer_to_dot, taken)
        script = self.server.script.answers
        answer = script.get(("dot", recipient)) or script.get(("dot", EVERYONE))
        if answer and answer[1] != 0 and answer[0][0] in "45":
            self.server.taken.remove(taken)  # it said no: it has nothing
        await self.say("dot", recipient, f"250 2.0.0 taken as {len(self.server.taken)}")
