"""`manage.py up`: the whole product in the foreground, from nothing."""

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

import psutil

from config import embedded, env
from config.processes import adopt_orphans
from config.supervisor import READY

HOST = "127.0.0.1"
OWN_SETTINGS = ("DJANGO_SETTINGS_MODULE", "config.settings.up")  # see manage.py; not for the programs
LEAVING_SECONDS = 30.0  # how long the supervisor of a killed `up` may need to stop its programs
POLL_SECONDS = 0.2
SWEEP_SECONDS = 10.0
READY_SECONDS = 60.0  # then pages are there, and the dot in their top bar tells the rest


class UpError(Exception):
    """Bookend cannot start; the message is the one sentence that says why."""


@dataclass(frozen=True)
class Options:
    """What `manage.py up` was asked for. `demo` None: only on the first start."""

    port: int
    data_dir: Path
    demo: bool | None
    workers: int
    with_parent: bool  # stop when whoever started us is gone, however it went


def up(options: Options) -> int:
    """
    Run until Ctrl-C, SIGTERM or failure, and return the exit code.

    :raises UpError: port taken, data directory not usable, or running already
    """
    adopt_orphans()
    parent = os.getppid() if options.with_parent else None
    with _interrupts() as interrupted, _data_dir_lock(options.data_dir) as lock:
        _check_port(options.port)
        _take_leases(options)
        with subprocess.Popen(
            [sys.executable, "-m", "config.supervisor"],
            stdin=subprocess.PIPE,
            stdout=sys.stderr,  # ours says when Bookend is ready, and who can sign in; nothing else
            env=_environment(options),
            cwd=env.BASE_DIR,
            start_new_session=True,  # a Ctrl-C in the terminal is ours to pass on
            pass_fds=[lock],  # the data directory is in use until the last program is gone
        ) as supervisor:
            return _attend(
                supervisor, options, lambda: bool(interrupted) or parent not in {None, os.getppid()}
            )


def _take_leases(options: Options) -> None:
    """Have the embedded servers run, at the URLs that they had before, for as long as we do."""
    embedded.release()
    try:
        embedded.servers(options.data_dir, *embedded.missing())
    except embedded.EmbeddedServerError as error:
        raise UpError(str(error)) from error


def _attend(supervisor: "subprocess.Popen[bytes]", options: Options, told_to_stop: Callable[[], bool]) -> int:
    assert supervisor.stdin
    supervisor.stdin.write(json.dumps(_plan(options)).encode() + b"\n")
    supervisor.stdin.flush()
    was_ready = False
    started = time.monotonic()
    while not (stopping := told_to_stop()) and supervisor.poll() is None:
        if not was_ready and _is_ready(options.port, time.monotonic() - started):
            was_ready = True
            supervisor.stdin.write(READY)
            supervisor.stdin.flush()
            _welcome(options)
        if embedded.keeper_is_gone():
            _say("The keeper of the embedded servers was killed; they are started again.", to=sys.stderr)
            _take_leases(options)
        time.sleep(POLL_SECONDS)
    if stopping:
        with suppress(OSError):  # the terminal may be gone
            _say("Stopping …")
    with suppress(BrokenPipeError):
        supervisor.stdin.close()
    code = supervisor.wait()
    if code < 0:
        _say("The supervisor was killed, so everything else is stopped.", to=sys.stderr)
        _sweep()
    return 0 if stopping else 1


def _plan(options: Options) -> dict[str, Any]:
    manage = [sys.executable, str(env.BASE_DIR / "manage.py")]
    demo = {None: [], True: ["--demo"], False: ["--no-demo"]}[options.demo]
    return {
        "steps": [{"name": "prepare", "argv": [*manage, "prepare", *demo]}],
        "programs": [
            {"name": name, "argv": [sys.executable, "-m", *argv], "log": str(_log(options, name))}
            for name, argv in _programs(options).items()
        ],
        "stop_first": ["scheduler"],
    }


def _programs(options: Options) -> dict[str, list[str]]:
    granian = ["granian", "--interface=wsgi", "--no-ws", "--log-level=warning", "--respawn-failed-workers"]
    # `doctor` and the tests run Django's checks; four processes at them are seconds of every start.
    celery = ["celery", "--quiet", "--skip-checks", "-A", "config.celery"]
    worker = [*celery, "worker", "--without-gossip", "--without-mingle"]
    schedule = embedded.runtime_dir(options.data_dir) / "beat"
    return {
        "web": [
            *(*granian, f"--host={HOST}", f"--port={options.port}", "--workers=2", "--blocking-threads=4"),
            "config.wsgi:application",
        ],
        # One for people, one for sending, one for imports: none waits for another.
        "worker": [*worker, "-Q", "default", "-n", "default@%h", f"-c{options.workers}"],
        "worker-sending": [*worker, "-Q", "sending", "-n", "sending@%h", f"-c{env.SENDING_PROCESSES}"],
        "worker-bulk": [*worker, "-Q", "bulk", "-n", "bulk@%h", "-c2"],
        "scheduler": [*celery, "beat", "--pidfile=", f"--schedule={schedule}"],
    }


def _log(options: Options, name: str) -> Path:
    return embedded.log_file(options.data_dir, name)


def _environment(options: Options) -> dict[str, str]:
    """Return what the programs see: our own environment, and where and how this installation is reached."""
    ours = {name: value for name, value in os.environ.items() if value and (name, value) != OWN_SETTINGS}
    return {
        "BASE_URL": f"http://{HOST}:{options.port}",
        "LOG_LEVEL": "WARNING",  # a line for each heartbeat would bury the others
        **ours,
        "DATA_DIR": str(options.data_dir.resolve()),
        "PYTHONUNBUFFERED": "1",
        # Celery warns whoever is root, three times; containers often are.
        "PROMETHEUS_MULTIPROC_DIR": str(_empty_dir(embedded.runtime_dir(options.data_dir) / "metrics")),
        "PYTHONWARNINGS": "ignore:You're running the worker",
    }


def _empty_dir(path: Path) -> Path:
    """Return the folder, without what processes of an earlier start have counted."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    return path


def _is_ready(port: int, elapsed: float) -> bool:
    """Test if pages come and every part has reported since the start, or has had its time."""
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/readyz", timeout=5) as response:
            heartbeats = json.load(response)["heartbeats"].values()
    except (urllib.error.URLError, OSError, ValueError):
        return False
    ages = [heartbeat["age_seconds"] for heartbeat in heartbeats]
    return elapsed > READY_SECONDS or all(age is not None and age < elapsed for age in ages)


def _welcome(options: Options) -> None:
    _say(f"Bookend is ready: http://{HOST}:{options.port}")
    with suppress(OSError):
        _say((embedded.runtime_dir(options.data_dir) / "welcome.txt").read_text().rstrip())


def _say(text: str, to: TextIO | None = None) -> None:
    print(text, file=to, flush=True)


def _sweep() -> None:
    """Stop what a killed supervisor left behind: it is ours now. The keeper stops by itself after us."""
    left = []
    for child in psutil.Process().children():
        with suppress(psutil.Error):  # gone, or about to be
            if "config.keeper" not in child.cmdline():
                left += [child, *child.children(recursive=True)]
    for signal_to in (psutil.Process.terminate, psutil.Process.kill):
        for process in left:
            with suppress(psutil.NoSuchProcess):
                signal_to(process)
        _gone, left = psutil.wait_procs(left, timeout=SWEEP_SECONDS)


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise UpError(
                f"Port {port} cannot be used ({error.strerror}): choose another, as in `make run PORT=8001`."
            ) from error


@contextmanager
def _data_dir_lock(data_dir: Path) -> Iterator[int]:
    """Hold the data directory for ourselves. One whose `up` was killed is still being tidied: wait for it."""
    try:
        path = embedded.runtime_dir(data_dir) / "up.lock"
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except embedded.EmbeddedServerError as error:
        raise UpError(str(error)) from error
    try:
        deadline = time.monotonic() + LEAVING_SECONDS
        while not _try_lock(lock):
            pid = int(os.pread(lock, 20, 0) or b"0")
            if _is_alive(pid) or time.monotonic() > deadline:
                raise UpError(f"Bookend is running on {data_dir} already (process {pid}): stop it first.")
            time.sleep(0.1)
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        yield lock
    finally:
        os.close(lock)


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return pid > 0


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Collect the signals that mean "stop", instead of dying of them."""
    received: list[int] = []

    def receive(signum: int, _frame: FrameType | None) -> None:
        received.append(signum)

    signums = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {signum: signal.signal(signum, receive) for signum in signums}
    try:
        yield received
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
