"""Child processes that are watched, started again when they die, and never left behind."""

import asyncio
import ctypes
import os
import pwd
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
QUICK_DEATH_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 30.0
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Child:
    """
    A program to keep running.

    `stop` is what it is told, and how many seconds each word is given to work; the whole process group is
    killed at the end in any case. The first signal is also what the kernel sends if we die ourselves.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] | None = None
    user: str | None = None
    log: Path | None = None
    stop: Sequence[tuple[int, float]] = ((signal.SIGTERM, 10.0),)


class Supervisor:
    """Starts children, starts the dead again after growing pauses, and stops them. `say` is told."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._children: dict[str, Child] = {}
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._watchers: dict[str, asyncio.Task[None]] = {}
        self._deaths: dict[str, int] = {}

    def deaths(self, name: str) -> int:
        """Return how often in a row a child has died soon after its start."""
        return self._deaths.get(name, 0)

    async def start(self, child: Child) -> None:
        """
        Start `child` and keep it running.

        :raises OSError: the program cannot be started at all
        """
        self._children[child.name] = child
        self._deaths[child.name] = 0
        self._processes[child.name] = await spawn(child)
        self._watchers[child.name] = asyncio.create_task(self._watch(child))

    async def stop(self, *names: str) -> None:
        """Stop these children (none named: all) at the same time, and wait until they are gone."""
        stopping = [name for name in (names or tuple(self._children)) if name in self._processes]
        for name in stopping:
            self._watchers[name].cancel()
        await asyncio.gather(*(stop(self._processes[name], self._children[name]) for name in stopping))
        for name in stopping:
            del self._processes[name], self._watchers[name]

    async def _watch(self, child: Child) -> None:
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            code = await self._processes[child.name].wait()
            kill_group(self._processes[child.name].pid)
            quick = loop.time() - started < QUICK_DEATH_SECONDS
            self._deaths[child.name] = self._deaths[child.name] + 1 if quick else 1
            pause = min(LONGEST_PAUSE_SECONDS, 2.0 ** (self._deaths[child.name] - 1))
            where = f"; see {child.log}" if child.log else ""
            self._say(f"{child.name} {_reason(code)} and is started again in {pause:.0f} s{where}.")
            await asyncio.sleep(pause)
            self._processes[child.name] = await spawn(child)


async def spawn(child: Child) -> asyncio.subprocess.Process:
    """Start `child` once, as leader of a session of its own, so a Ctrl-C in the terminal reaches only us."""
    account = pwd.getpwnam(child.user) if child.user else None
    output = open(child.log, "ab") if child.log else None  # noqa: SIM115  # closed below, after the start
    try:
        return await asyncio.create_subprocess_exec(
            *child.argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=child.env,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            start_new_session=True,
            preexec_fn=_die_with(os.getpid(), child.stop[0][0]),
        )
    finally:
        if output:
            output.close()


async def stop(process: asyncio.subprocess.Process, child: Child) -> None:
    """Ask, wait, ask louder, kill; then kill whatever the process left behind in its group."""
    for signum, seconds in child.stop:
        if process.returncode is not None:
            break
        with suppress(ProcessLookupError):
            process.send_signal(signum)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), seconds)
    kill_group(process.pid)
    await process.wait()


def adopt_orphans() -> None:
    """Become the parent of what our children leave behind when they are killed, so that we can find it."""
    if _libc is not None:
        _libc.prctl(PR_SET_CHILD_SUBREAPER, 1)


def kill_group(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _die_with(parent: int, signum: int) -> Callable[[], None]:
    """Return what a child runs first: asking the kernel for `signum` when its parent dies (Linux only)."""

    def before_exec() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, signum)
            if os.getppid() != parent:  # died in between
                os._exit(1)

    return before_exec


def _reason(code: int) -> str:
    if code < 0:
        return f"was killed ({signal.Signals(-code).name})"
    return f"stopped (exit code {code})"
