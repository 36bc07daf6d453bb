"""The whole product, as `manage.py up` starts it."""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 180
# Servers of the environment stand in for nothing here: the product starts its own.
NOT_INHERITED = {"DATABASE_URL", "REDIS_URL", "EMAIL_URL", "DATA_DIR", "BASE_URL", "DJANGO_SETTINGS_MODULE"}


@dataclass(frozen=True)
class Product:
    """A running installation of its own."""

    url: str
    data_dir: Path
    env: dict[str, str]

    def manage(self, *words):
        """Run a `manage.py` command on it and return what it prints."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.env,
            text=True,
            capture_output=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def shell(self, code):
        """Run Python inside it and return what it prints."""
        return self.manage("shell", "--no-imports", "-v0", "-c", code)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def up(data_dir, *options):
    """Start the product in `data_dir`; return the process and the `Product` once it says that it is ready."""
    port = _free_port()
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    # A launch can be undone for a moment, and not for the minute that people have.
    env = inherited | {"DATA_DIR": str(data_dir), "UNDO_SECONDS": "2"}
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up", "--port", str(port), "--with-parent", *options],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said, deadline = [], time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if select.select([process.stdout], [], [], 1)[0]:
            said.append(process.stdout.readline())
            if "Bookend is ready" in said[-1]:
                url = f"http://127.0.0.1:{port}"
                return process, Product(url, data_dir, env | {"BASE_URL": url})
    process.kill()
    pytest.fail(f"Bookend did not become ready:\n{''.join(said)}")


def stop(process):
    """Stop the product as Ctrl-C would, and wait for it."""
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=60)
    process.stdout.close()
