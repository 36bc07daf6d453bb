"""Children that die, that will not die, and that nobody may leave behind."""

import asyncio
import os
import signal
import sys

import psutil
import pytest

from config.processes import Child, Supervisor, spawn, stop

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('up', flush=True); time.sleep(60)"
)
WITH_CHILD = (
    "import subprocess, sys, time;"
    "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "print(p.pid, flush=True); time.sleep(60)"
)


def python(name, code, log=None, **options):
    return Child(name, [sys.executable, "-c", code], log=log, **options)


async def first_line(log):
    while not (text := log.read_text() if log.exists() else ""):
        await asyncio.sleep(0.02)
    return text.splitlines()[0]


async def until(true):
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.02)


def is_alive(pid):
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


class TestSupervisor:
    def test_starts_again_what_died_and_says_so(self, tmp_path):
        said = []

        async def story():
            supervisor = Supervisor(said.append)
            log = tmp_path / "log"
            await supervisor.start(
                python("web", "import os, time; print(os.getpid(), flush=True); time.sleep(60)", log)
            )
            os.kill(int(await first_line(log)), signal.SIGKILL)
            await until(lambda: len(log.read_text().split()) == 2)
            second = int(log.read_text().split()[1])
            alive = is_alive(second)
            await supervisor.stop()
            return alive, is_alive(second)

        assert asyncio.run(story()) == (True, False)
        assert said == [f"web was killed (SIGKILL) and is started again in 1 s; see {tmp_path / 'log'}."]

    def test_waits_longer_each_time_for_what_dies_at_once(self):
        said = []

        async def story():
            supervisor = Supervisor(said.append)
            await supervisor.start(python("worker", "raise SystemExit(3)"))
            await until(lambda: supervisor.deaths("worker") == 3)
            await supervisor.stop()

        asyncio.run(story())

        assert said == [
            "worker stopped (exit code 3) and is started again in 1 s.",
            "worker stopped (exit code 3) and is started again in 2 s.",
            "worker stopped (exit code 3) and is started again in 4 s.",
        ]

    def test_kills_in_the_end_what_does_not_listen(self, tmp_path):
        async def story():
            log = tmp_path / "log"
            child = python("stubborn", STUBBORN, log, stop=((signal.SIGTERM, 0.1),))
            process = await spawn(child)
            await first_line(log)
            await stop(process, child)
            return process.returncode

        assert asyncio.run(story()) == -signal.SIGKILL

    def test_leaves_no_grandchild_behind(self, tmp_path):
        async def story():
            supervisor = Supervisor(print)
            log = tmp_path / "log"
            await supervisor.start(python("web", WITH_CHILD, log))
            grandchild = int(await first_line(log))
            was_alive = is_alive(grandchild)
            await supervisor.stop()
            await until(lambda: not is_alive(grandchild))
            return was_alive

        assert asyncio.run(story())

    def test_refuses_what_cannot_be_started(self):
        with pytest.raises(FileNotFoundError):
            asyncio.run(Supervisor(print).start(Child("nothing", ["/nowhere/at/all"])))
