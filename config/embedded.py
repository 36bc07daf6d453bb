"""
Real servers from wheels for each URL that is not set, for a laptop and for tests. Production brings its own.

One keeper process per data directory (`config/keeper.py`) runs them. Whoever needs a server connects to the
keeper and stays connected: a connection is a lease that the kernel takes back even after `kill -9`. When the
last lease ends, the keeper stops the servers in order and leaves.
"""

import atexit
import hashlib
import json
import os
import socket
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from config import env

START_SECONDS = 180.0  # PostgreSQL may have a long recovery to do
ATTEMPTS = 5
LARGEST_LOG = 10 << 20
LONGEST_SOCKET_PATH = 100  # of the 108 bytes that the kernel allows

_leases: list[socket.socket] = []


class EmbeddedServerError(Exception):
    """An embedded server cannot be had; the message is one sentence for the person at the terminal."""


def servers(data_dir: Path, *names: str) -> dict[str, str]:
    """
    Return the URL of each server named (`postgres`, `valkey`, `mail`), starting what does not run.

    They run at least as long as this process does.

    :raises EmbeddedServerError: the data directory cannot be written, or a server does not start
    """
    if not names:
        return {}
    runtime = runtime_dir(data_dir)
    for _attempt in range(ATTEMPTS):
        lease = _connect(runtime / "keeper.sock", data_dir)
        answer = _ask(lease, names)
        if answer is None:  # the keeper was just leaving
            lease.close()
            continue
        if "error" in answer:
            lease.close()
            raise EmbeddedServerError(answer["error"])
        _leases.append(lease)
        return answer
    raise EmbeddedServerError(f"The embedded servers of {data_dir} stop at once; see {data_dir / 'log'}.")


def missing() -> list[str]:
    """Return the servers for which the environment names none."""
    urls = {"postgres": env.DATABASE_URL, "valkey": env.REDIS_URL, "mail": env.EMAIL_URL}
    return [name for name, url in urls.items() if not url]


def postgres_url(data_dir: Path) -> str:
    """Start PostgreSQL in `data_dir`, or join the one that runs there, and return its URL."""
    return servers(data_dir, "postgres")["postgres"]


def keeper_is_gone() -> bool:
    """Test if a keeper that this process holds a lease of has ended. `servers` starts the next."""
    return any(_has_ended(lease) for lease in _leases)


def _has_ended(lease: socket.socket) -> bool:
    try:
        return lease.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


@atexit.register
def release() -> None:
    """End the leases of this process. The kernel would, but a test session looks for open sockets first."""
    while _leases:
        _leases.pop().close()


def runtime_dir(data_dir: Path) -> Path:
    """
    Return where sockets, ports and locks of `data_dir` are kept, after making it.

    :raises EmbeddedServerError: it cannot be made
    """
    path = data_dir.resolve() / "run"
    try:
        path.mkdir(parents=True, exist_ok=True)
        if len(str(path / "keeper.sock")) > LONGEST_SOCKET_PATH:
            name = hashlib.sha256(str(path).encode()).hexdigest()[:12]
            path = Path(tempfile.gettempdir()) / f"bookend-{os.getuid()}-{name}"
            path.mkdir(mode=0o700, exist_ok=True)
        usable = os.access(path, os.W_OK) and path.stat().st_uid == os.getuid()
    except OSError as error:
        raise EmbeddedServerError(
            f"The data directory {data_dir} cannot be used: {error.strerror}."
        ) from error
    if not usable:
        raise EmbeddedServerError(
            f"The data directory {data_dir} cannot be used: {path} is not ours to write."
        )
    return path


def _ask(lease: socket.socket, names: tuple[str, ...]) -> dict[str, str] | None:
    lease.settimeout(START_SECONDS)
    try:
        lease.sendall(json.dumps(names).encode() + b"\n")
        with lease.makefile() as answers:
            line = answers.readline()
    except OSError:
        return None
    lease.setblocking(True)
    return dict(json.loads(line)) if line else None


def log_file(data_dir: Path, name: str) -> Path:
    """Return the log file of a program, begun anew if it has grown large."""
    path = data_dir.resolve() / "log" / f"{name}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LARGEST_LOG:
        path.replace(path.with_suffix(".log.1"))
    return path


def _connect(path: Path, data_dir: Path) -> socket.socket:
    """Connect to the keeper, starting one if there is none. One that is just leaving refuses: try again."""
    keeper: int | None = None
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        lease = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with suppress(OSError):
            lease.connect(str(path))
            return lease
        lease.close()
        if keeper is None or os.waitpid(keeper, os.WNOHANG)[0]:
            keeper = _spawn_keeper(data_dir)
        time.sleep(0.02)
    raise EmbeddedServerError(f"The embedded servers of {data_dir} did not start; see {data_dir / 'log'}.")


def _spawn_keeper(data_dir: Path) -> int:
    try:
        log = os.open(log_file(data_dir, "keeper"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    except OSError as error:
        raise EmbeddedServerError(
            f"The data directory {data_dir} cannot be used: {error.strerror}."
        ) from error
    null = os.open(os.devnull, os.O_RDWR)
    try:
        return os.posix_spawn(
            sys.executable,
            [sys.executable, "-m", "config.keeper", str(data_dir.resolve())],
            {**os.environ, "PYTHONPATH": str(env.BASE_DIR)},
            file_actions=[
                (os.POSIX_SPAWN_DUP2, null, 0),
                (os.POSIX_SPAWN_DUP2, log, 1),
                (os.POSIX_SPAWN_DUP2, log, 2),
            ],
        )
    finally:
        os.close(log)
        os.close(null)
