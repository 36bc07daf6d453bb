"""
Runs the programs of `manage.py up`: `-m config.supervisor`, told what to run by one line of JSON on stdin.

A process apart, so that the end of its stdin, which the kernel brings about even after `kill -9` of the
command, stops everything in the same order as Ctrl-C does.
"""

import asyncio
import json
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from config.processes import Child, Supervisor, kill_group, spawn, stop

# Celery: finish the task in hand; then give it back; then nothing is asked any more. Rows make that safe.
PATIENCE = ((signal.SIGTERM, 8.0), (signal.SIGQUIT, 3.0))
MOST_DEATHS = 3  # of one program, before Bookend was ready even once
READY = b"ready\n"  # what the command writes once


class StartError(Exception):
    """The start failed; the message is the sentence to say."""


class Plan:
    """Steps to take one after another, then programs to keep running until stdin ends."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self._steps = [Child(step["name"], step["argv"], stop=PATIENCE) for step in plan["steps"]]
        self._programs = [
            Child(program["name"], program["argv"], log=Path(program["log"]), stop=PATIENCE)
            for program in plan["programs"]
        ]
        self._stop_first: list[str] = plan["stop_first"]
        self._supervisor = Supervisor(say)
        self.was_ready = False

    async def run(self) -> None:
        """
        Run until cancelled.

        :raises StartError: a step failed, or a program died again and again before all was ready
        """
        try:
            for step in self._steps:
                await _take(step)
            for program in self._programs:
                await self._supervisor.start(program)
            while True:
                await asyncio.sleep(0.2)
                self._give_up_if_hopeless()
        finally:
            await self._supervisor.stop(*self._stop_first)
            await self._supervisor.stop()

    def _give_up_if_hopeless(self) -> None:
        for program in self._programs:
            if not self.was_ready and self._supervisor.deaths(program.name) >= MOST_DEATHS:
                raise StartError(f"Bookend does not start: {program.name} stops again and again.")


async def _take(step: Child) -> None:
    process = await spawn(step)
    try:
        code = await process.wait()
    except asyncio.CancelledError:
        await stop(process, step)
        raise
    kill_group(process.pid)
    if code != 0:
        raise StartError(f"Bookend does not start: {step.name} failed (exit code {code}).")


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)  # noqa: T201  # the terminal of the command


async def main() -> int:
    loop = asyncio.get_running_loop()
    stdin = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    plan = Plan(json.loads(await stdin.readline()))
    running = asyncio.create_task(plan.run())
    running.add_done_callback(lambda _: stdin.feed_eof())
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(signum, running.cancel)
    while line := await stdin.readline():
        plan.was_ready |= line == READY
    running.cancel()
    try:
        with suppress(asyncio.CancelledError):
            await running
    except (StartError, OSError) as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
