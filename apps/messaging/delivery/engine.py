"""
Many conversations with one mail server, kept open between batches, in a thread of their own.

The caller stays an ordinary synchronous worker with its own database connection: it hands mails over and
gets a future. One engine serves a process for as long as it lives.
"""

import asyncio
import os
import threading
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

import uvloop

from apps.core.overlap import interpreter_share
from apps.messaging.delivery.mail import Mail
from apps.messaging.delivery.outcome import Outcome
from apps.messaging.delivery.server import Server
from apps.messaging.delivery.smtp import Connection, ServerOutOfReach, Timeouts

CONNECTIONS = 8
TIMEOUTS = Timeouts()
MAILS_PER_CONNECTION = 5000  # then a fresh one: servers like a client that lets go now and then


class Engine:
    """
    Hands mails over and says how each ended.

    A mail is in one hand at a time; it is tried again at once only where a connection that was kept open
    turns out to be gone before the final dot, and then on a fresh one.
    """

    def __init__(
        self, server: Server, *, connections: int = CONNECTIONS, timeouts: Timeouts = TIMEOUTS
    ) -> None:
        self.server = server
        self._limit = connections
        self._timeouts = timeouts
        self._idle: list[Connection] = []
        interpreter_share()
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="smtp", daemon=True)
        self._thread.start()

    def reach(self) -> None:
        """
        Make sure that at least one connection stands, so that a server out of reach is given nothing.

        :raises ServerOutOfReach: with the reason, for people
        """
        self._submit(self._reach()).result()

    def deliver(self, mails: Iterable[Mail]) -> "Future[dict[int, Outcome]]":
        """Hand mails over; the future tells how each ended, by `id`. It never raises for a mail's sake."""
        return self._submit(self._deliver(deque(mails)))

    def asked_to_wait(self) -> float:
        return 0.0  # SMTP has no words for how long

    def close(self) -> None:
        """Say goodbye to the server and end the thread."""
        if self._loop.is_closed():
            return
        with suppress(TimeoutError):
            self._submit(self._hang_up()).result(timeout=5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        if not self._thread.is_alive():
            self._loop.close()

    def _submit(self, coroutine: Any) -> "Future[Any]":
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    async def _reach(self) -> None:
        self._idle = [connection for connection in self._idle if connection.is_open]
        if not self._idle:
            self._idle.append(await self._open())

    async def _open(self) -> Connection:
        connection = Connection(self.server, self._timeouts)
        await connection.open()
        return connection

    async def _deliver(self, waiting: deque[Mail]) -> dict[int, Outcome]:
        outcomes: dict[int, Outcome] = {}
        lanes = min(self._limit, len(waiting))
        ends = await asyncio.gather(*(self._lane(waiting, outcomes) for _ in range(lanes)))
        # Left over only where no lane reached the server any more.
        outcomes.update({mail.id: Outcome.untried(max(ends)) for mail in waiting})
        return outcomes

    async def _lane(self, waiting: deque[Mail], outcomes: dict[int, Outcome]) -> str:
        """Send what waits over one connection, until nothing does; return why it ended early, if it did."""
        while waiting:
            try:
                connection = await self._take()
            except ServerOutOfReach as failure:
                return str(failure)
            try:
                await self._drive(connection, waiting, outcomes)
            finally:
                await self._give_back(connection)
        return ""

    async def _drive(
        self, connection: Connection, waiting: deque[Mail], outcomes: dict[int, Outcome]
    ) -> None:
        following = waiting.popleft() if waiting else None
        while following and connection.is_open:
            # The last few are left to whoever is free first.
            has_more = len(waiting) >= self._limit // 2
            mail, following = following, waiting.popleft() if has_more and waiting else None
            was_used = connection.turns > 0
            try:
                outcomes[mail.id] = await connection.send(mail, following=following)
            except ServerOutOfReach as failure:
                if was_used:  # servers close idle connections as they like: once more, on a fresh one
                    waiting.append(mail)
                else:
                    outcomes[mail.id] = Outcome.lapsed(str(failure))
        if following:
            waiting.appendleft(following)

    async def _take(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                return connection
        return await self._open()

    async def _give_back(self, connection: Connection) -> None:
        if connection.is_open and connection.turns < MAILS_PER_CONNECTION:
            self._idle.append(connection)
        else:
            await connection.close()

    async def _hang_up(self) -> None:
        await asyncio.gather(*(connection.close() for connection in self._idle))
        self._idle = []


_engines: dict[tuple[Server, int], Engine] = {}


def engine_for(server: Server) -> Engine:
    """Return this process's engine for a server: made on first use, after the worker has forked."""
    key = (server, os.getpid())
    if key not in _engines:
        _engines[key] = Engine(server, timeouts=TIMEOUTS)
    return _engines[key]


def engines_close() -> None:
    """Say goodbye to all servers; for tests and for the end of a process."""
    while _engines:
        _server, engine = _engines.popitem()
        engine.close()
