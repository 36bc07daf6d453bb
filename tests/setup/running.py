"""Bookend as a person runs it: `manage.py up` on a data directory of its own, seen from outside."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress

import psutil
import psycopg

from config import env

READY_SECONDS = 120  # of a machine that does other things too
GONE_SECONDS = 60
UP = [sys.executable, str(env.BASE_DIR / "manage.py"), "up"]


def data_dir_new(name):
    """Return a folder that is not there yet, beside the other data of this working copy."""
    folder = env.DATA_DIR.resolve() / f"test-{name}-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def environment(**urls):
    """Return our own environment as that of a terminal: without settings or URLs of this test run."""
    ours = {"DJANGO_SETTINGS_MODULE", "DATABASE_URL", "REDIS_URL", "EMAIL_URL", "DATA_DIR", "BASE_URL"}
    return {name: value for name, value in os.environ.items() if name not in ours} | urls


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def processes(data_dir):
    """Return the processes that work on this data directory, by their environment or their arguments."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            words = " ".join(process.cmdline())
            if str(data_dir) in words or process.environ().get("DATA_DIR") == str(data_dir):
                found.append(process)
    return found


def names(data_dir):
    """Return what runs, in words."""
    known = (
        "granian",
        "celery",
        "config.supervisor",
        "config.keeper",
        "config.mailcatcher",
        "valkey",
        "postgres",
    )
    running = set()
    for process in processes(data_dir):
        with suppress(psutil.Error):  # it may end between the two questions
            running.add(" ".join(process.cmdline()))
    return {name for name in known for line in running if name in line}


def wait_until_nothing_runs(data_dir):
    deadline = time.monotonic() + GONE_SECONDS
    while left := processes(data_dir):
        assert time.monotonic() < deadline, [process.cmdline() for process in left]
        time.sleep(0.1)


def try_up(*options, data_dir, env=None):
    """Run `up` where it must refuse; return its exit code and what it said."""
    command = [*UP, "--data-dir", str(data_dir), "--no-demo", *options]
    done = subprocess.run(
        command, env=env or environment(), capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout + done.stderr


class Running:
    """One `up` that is ready, until `stop` or the end of the `with`."""

    def __init__(self, data_dir, *options, **urls):
        self.data_dir, self.port = data_dir, free_port()
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [*UP, "--data-dir", str(data_dir), "--port", str(self.port), "--no-demo", *options],
            env=environment(**urls),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said = self._said_until_ready()
        self.seconds = time.monotonic() - self.began

    def _said_until_ready(self):
        said = ""
        while "Bookend is ready:" not in said:
            line = self.process.stdout.readline()
            assert line, said
            assert time.monotonic() - self.began < READY_SECONDS, said
            said += line
        return said

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as response:
            return response.read()

    def database(self):
        """Connect to its embedded PostgreSQL without a lease, so that the test keeps nothing alive."""
        return psycopg.connect(host=str(self.data_dir / "postgres"), user="postgres", dbname="bookend")

    def stop(self, signum=signal.SIGTERM):
        self.process.send_signal(signum)
        return self.process.wait(GONE_SECONDS)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        if self.process.poll() is None:
            self.stop()
        self.process.stdout.close()
        wait_until_nothing_runs(self.data_dir)
