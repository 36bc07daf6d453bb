"""
`-m config.keeper DATA_DIR`: runs the embedded servers of a data directory while anyone holds a lease.

If the keeper itself is killed, the kernel stops the servers; PostgreSQL is told to shut down cleanly.
"""

import asyncio
import fcntl
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from config.embedded import EmbeddedServerError, runtime_dir
from config.processes import Supervisor
from config.servers import mail_start, postgres_start, valkey_start

IDLE_SECONDS = 10.0  # whoever started us connects at once, or has died
LOCK_SECONDS = 60.0

Start = Callable[[Path, Supervisor], Coroutine[Any, Any, str]]
STARTS: dict[str, Start] = {"mail": mail_start, "valkey": valkey_start, "postgres": postgres_start}


class Keeper:
    """Answers a list of names with their URLs, and counts who is still connected."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._supervisor = Supervisor(say)
        self._starts: dict[str, asyncio.Task[str]] = {}
        self._leases = 0
        self._asked = False
        self._done = asyncio.Event()

    async def run(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._done.set)
        loop.add_signal_handler(signal.SIGINT, lambda: None)
        server = await asyncio.start_unix_server(self._serve, sock=listener)
        loop.call_later(IDLE_SECONDS, self._leave_if_idle, True)
        await self._done.wait()
        server.close()  # from here on a newcomer is refused, and starts the next keeper
        for start in self._starts.values():
            start.cancel()
        await self._supervisor.stop()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._leases += 1
        try:
            names = json.loads(await reader.readline() or "[]")
            self._asked |= bool(names)
            writer.write(json.dumps(await self._urls(names)).encode() + b"\n")
            await reader.read()  # returns when the other end is closed, however it ended
        except ConnectionError:
            pass
        finally:
            writer.close()
            self._leases -= 1
            self._leave_if_idle()

    async def _urls(self, names: list[str]) -> dict[str, str]:
        for name in names:
            if name not in self._starts:
                self._starts[name] = asyncio.create_task(STARTS[name](self._data_dir, self._supervisor))
        try:
            return {name: await asyncio.shield(self._starts[name]) for name in names}
        except (EmbeddedServerError, OSError) as error:
            for name in [name for name in names if _failed(self._starts[name])]:
                del self._starts[name]
                await self._supervisor.stop(name)
            return {"error": str(error)}

    def _leave_if_idle(self, whatever_was_asked: bool = False) -> None:
        # Who asked nothing only looked whether we are there; whoever started us may still be on the way.
        if self._leases == 0 and (self._asked or whatever_was_asked):
            self._done.set()


def _failed(start: asyncio.Task[str]) -> bool:
    return start.done() and start.exception() is not None


def say(sentence: str) -> None:
    print(time.strftime("%Y-%m-%d %H:%M:%S"), sentence, flush=True)  # noqa: T201  # our log


def _only_one(path: Path, lock: int) -> bool:
    """Wait for the keeper before us, which may be leaving. False: it answers, so we are not needed."""
    deadline = time.monotonic() + LOCK_SECONDS
    while time.monotonic() < deadline:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.02)
        else:
            return True
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            if probe.connect_ex(str(path)) == 0:
                return False
    return False


def main(data_dir: Path) -> None:
    os.setsid()
    runtime = runtime_dir(data_dir)
    path = runtime / "keeper.sock"
    lock = os.open(runtime / "keeper.lock", os.O_RDWR | os.O_CREAT, 0o600)
    if not _only_one(path, lock):
        return
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen(128)
        asyncio.run(Keeper(data_dir).run(listener))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
