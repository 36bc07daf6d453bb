"""Real workers in processes of their own, and the hands that hold and kill them."""

import json
import multiprocessing
import os
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from datetime import timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.db.models import TextField
from django.db.models.functions import Cast
from django.utils.module_loading import import_string

from apps.core import clock
from apps.messaging.channels import base as channels
from apps.messaging.delivery import engine
from apps.messaging.delivery.smtp import Timeouts
from apps.messaging.ledger import leases
from apps.messaging.models import HELD, Message, Recipient
from apps.messaging.services import sending
from tests.architecture.source import ROOT

PATIENCE = 40.0
NOWHERE = "smtp://127.0.0.1:1"
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.faults.preload"])


def database_of_test():
    """Return how to reach the test's database, there to wait for locks: tests hold them on purpose."""
    usual = connection.settings_dict
    where = {key: usual[key] for key in ("NAME", "HOST", "PORT", "USER")}
    return where | {"OPTIONS": usual["OPTIONS"] | {"options": "-c lock_timeout=0"}}


class Worker:
    """
    A process that sends until nothing is due, against the test's database and mail server.

    `act`: another service to call once, by its dotted name, such as one ring of the doorbell. `hours_off`:
    how wrong this machine's clock is. `timeouts`: seconds to connect, to answer a command, and the dot.
    """

    def __init__(self, server=None, *, act=None, hours_off=0, timeouts=None, user=None, **changed):
        changed.setdefault("EMAIL_URL", server.url if server else NOWHERE)
        changed.setdefault("OUTGOING_PRIVATE_HOSTS", ["127.0.0.1"])
        database = database_of_test() | ({"USER": user} if user else {})
        self.process = FORKS.Process(target=_work, args=(act, database, changed, hours_off, timeouts))
        self.process.start()

    @property
    def pid(self):
        return self.process.pid

    def kill(self):
        """`kill -9`: no handler runs, nothing is put in order."""
        self.process.kill()
        self.process.join(PATIENCE)

    def end(self):
        """Wait until it ends, in whatever way; return its exit code."""
        self.process.join(PATIENCE)
        assert self.process.exitcode is not None, "it does not end"
        return self.process.exitcode

    def finish(self):
        """Wait until it has nothing left to do."""
        assert self.end() == 0, "it failed; see what it wrote"

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        if self.process.is_alive():
            self.kill()
        self.process.close()


def _work(act, database, changed, hours_off, timeouts):
    connection.settings_dict.update(database)
    connection.settings_dict["OPTIONS"]["application_name"] = session_name(os.getpid())
    leases.uuid4 = lambda: _signed(uuid4(), os.getpid())
    for name, value in changed.items():
        setattr(settings, name, value)
    if timeouts:
        engine.TIMEOUTS = channels.TIMEOUTS = Timeouts(*timeouts)
    if hours_off:
        right = time.time
        time.time = lambda: right() + hours_off * 3600
    if act:
        import_string(act)(now=clock.now())
    else:
        call_command("messages_send")


def handfuls(*, now):
    """Send a handful at a time, so that a few people are enough work for several workers."""
    sending.CLAIM_SIZE = 5
    call_command("messages_send")


def patiently(*, now):
    """Ring again and again, as the scheduler does, until nothing is left to send."""
    sending.CLAIM_SIZE = 5
    while Recipient.objects.unfinished().exists():
        sending.messages_send(now=clock.now())
        time.sleep(0.05)


def session_name(pid):
    return f"worker-{pid}"


def _signed(token, pid):
    """Return a token that ends with whose it is: after a kill nobody else could tell."""
    return UUID(int=token.int >> 32 << 32 | pid)


def held_by(pid):
    """Return the rows under the leases of one worker."""
    return Recipient.objects.annotate(holder=Cast("lease_token", TextField())).filter(
        holder__endswith=f"{pid:08x}", state__in=HELD
    )


class Program:
    """A program of the product (Celery, the web server) with the test's database and servers."""

    def __init__(self, *command, server=None, **env):
        self.command = [sys.executable, "-W", "ignore", *command]
        self.env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "FAULT_DATABASE": json.dumps(database_of_test()),
            "FAULT_EMAIL_URL": server.url if server else NOWHERE,
            **env,
        }
        self._start()

    def _start(self):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(self.command, cwd=ROOT, env=self.env, **quiet)

    @property
    def pid(self):
        return self.process.pid

    def revive(self):
        """Start it again if it has given up, as `manage.py up` and any supervisor do."""
        if self.process.poll() is not None:
            self._start()

    def signal(self, signum):
        self.process.send_signal(signum)

    def wait(self):
        return self.process.wait(PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE)


def wait_until(holds, what, patience=PATIENCE):
    """Look again and again until something is so; say what never was."""
    deadline = time.monotonic() + patience
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


def waits_for_a_lock():
    """Test if somebody stands before a lock of the test's database."""
    with closing(connections.create_connection("default")) as other, other.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE NOT granted AND datname = current_database())"
        )
        return cursor.fetchone()[0]


def leases_expire():
    """Let five minutes pass for the leases that no worker just writes to: two would wait for each other."""
    leased = Recipient.objects.filter(leased_until__isnull=False)
    with transaction.atomic():
        free = list(leased.order_by("pk").select_for_update(skip_locked=True).values_list("pk", flat=True))
        leased.filter(pk__in=free).update(leased_until="2020-01-01T00:00Z")


def waits_end():
    """Let the quarter of an hour pass after which the mail server is asked again."""
    open_messages = Message.objects.open()
    Recipient.objects.filter(state="planned", message__in=open_messages).update(
        due_at=clock.now() - timedelta(seconds=1)
    )
