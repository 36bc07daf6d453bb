"""Real workers in processes of their own, and the hands that hold and kill them."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing, contextmanager

from django.db import connection, connections

from apps.messaging.models import Recipient
from tests.architecture.source import ROOT

PATIENCE = 40.0


class Worker:
    """`manage.py messages_send` against the test's database and mail server."""

    def __init__(self, server, command=("manage.py", "messages_send"), **env):
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", *command],
            cwd=ROOT,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
                "FAULT_DATABASE": connection.settings_dict["NAME"],
                "FAULT_EMAIL_URL": server.url,
                **env,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def kill(self):
        """`kill -9`: no handler runs, nothing is put in order."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE)

    def finish(self):
        """Wait until it has nothing left to do."""
        output, _errors = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0, output.decode()

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        if self.process.poll() is None:
            self.kill()
        self.process.stdout.close()


def wait_until(holds, what):
    """Look again and again until something is so; say what never was."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.02)


def count(*states):
    return Recipient.objects.filter(state__in=states).count()


def waiting_for_locks():
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'
        """)
        return cursor.fetchone()[0]


@contextmanager
def locked(statement):
    """
    Hold the locks that a statement takes, from another connection, as a slow neighbour would.

    Gives what lets them go before the end.
    """
    with closing(connections.create_connection("default")) as other, other.cursor() as cursor:
        other.inc_thread_sharing()  # taken in a mail server's thread, given back in the test's
        other.set_autocommit(False)
        cursor.execute(statement)
        yield other.rollback
        other.rollback()


def leases_expire():
    """Let five minutes pass for the leases."""
    Recipient.objects.filter(leased_until__isnull=False).update(leased_until="2020-01-01T00:00Z")
