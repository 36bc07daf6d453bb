"""
The doorbell breaks: Valkey is emptied, dies, hangs, is full; bells are lost, or come a hundredfold. Real
Celery workers, a real scheduler. Nothing is lost, and no address is ever in Valkey.
"""

import os
import signal
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis
from celery import Celery

from apps.core import clock
from apps.messaging.models import Message, Recipient
from config import servers
from tests.faults.truth import IN_HAND, assert_true, drain
from tests.faults.workers import Program, count, leases_expire, wait_until
from tests.setup.running import free_port

pytestmark = [pytest.mark.processes, pytest.mark.long, pytest.mark.django_db(transaction=True)]
State = Recipient.State
CELERY = ("-m", "celery", "-A", "config.celery")
PATIENCE = 90  # a scheduler that waits for its broker, and a ring after that


class Valkey:
    """A server of the test's own, which may be stopped, emptied, and held."""

    def __init__(self):
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process = None

    @property
    def client(self):
        return redis.Redis.from_url(self.url, socket_timeout=5)

    def start(self):
        binary = [str(servers._valkey_bin()), "--port", str(self.port), "--bind", "127.0.0.1"]
        self.process = subprocess.Popen([*binary, "--save", ""], stdout=subprocess.DEVNULL)
        wait_until(self._answers, "Valkey answers")

    def kill(self):
        self.process.kill()
        self.process.wait(10)

    def signal(self, signum):
        self.process.send_signal(signum)

    def content(self):
        """Return everything that waits in it or is remembered, as bytes."""
        read = {b"list": lambda key: self.client.lrange(key, 0, -1), b"set": self.client.smembers}
        read |= {b"hash": self.client.hvals, b"string": lambda key: [self.client.get(key)]}
        read |= {b"zset": lambda key: self.client.zrange(key, 0, -1)}
        kinds = {key: self.client.type(key) for key in self.client.scan_iter()}
        return b"".join(b"".join([key, *read[kind](key)]) for key, kind in kinds.items())

    def _answers(self):
        try:
            return self.client.ping()
        except redis.RedisError:
            return False


@pytest.fixture
def valkey():
    valkey = Valkey()
    valkey.start()
    yield valkey
    valkey.signal(signal.SIGCONT)
    valkey.kill()


@pytest.fixture
def machine(valkey, server):
    """Return a function that starts workers of the sending queue, and a scheduler."""
    with ExitStack() as running, tempfile.TemporaryDirectory() as folder:

        def start(workers=1, *, scheduler=True):
            programs = [
                running.enter_context(
                    Program(
                        *(*CELERY, "worker", "-Q", "sending", "-c", "1", "-n", f"w{number}"),
                        server=server,
                        FAULT_BROKER=valkey.url,
                    )
                )
                for number in range(workers)
            ]
            if scheduler:
                memory = f"--schedule={Path(folder) / 'beat'}"
                beat = (*CELERY, "beat", "--pidfile=", memory)
                programs.append(running.enter_context(Program(*beat, server=server, FAULT_BROKER=valkey.url)))
            return programs

        yield start


def ring(valkey, times=1):
    bell = Celery(broker=valkey.url)
    for _time in range(times):
        bell.send_task("apps.messaging.tasks.messages_send", queue="sending")
    bell.close()


def ended(message):
    wait_until(lambda: _is_ended(message), "the message ends", PATIENCE)


def _is_ended(message):
    return Message.objects.filter(pk=message.pk, state="finished").exists()


def slowly(_taken):
    time.sleep(0.05)


def test_every_bell_a_hundredfold(machine, valkey, server, message):
    ring(valkey, 100)
    machine(2, scheduler=False)
    wait_until(lambda: server.taken, "it sends", PATIENCE)
    assert b"example.com" not in valkey.content()
    ended(message)

    assert b"example.com" not in valkey.content()
    assert assert_true(message, server).states[State.SENT] == 60


def test_every_bell_lost_the_scheduler_rings_again(machine, valkey, server, message):
    server.before_answer_to_dot = slowly
    machine()
    wait_until(lambda: len(server.taken) >= 5, "it sends", PATIENCE)
    valkey.client.flushall()
    ended(message)

    assert assert_true(message, server).states[State.SENT] == 60


@pytest.mark.parametrize("seconds", [0, 20])
def test_dead_and_back_empty(machine, valkey, server, message, seconds):
    server.before_answer_to_dot = slowly
    machine()
    wait_until(lambda: len(server.taken) >= 5, "it sends", PATIENCE)
    valkey.kill()
    time.sleep(seconds)
    valkey.start()
    ended(message)

    assert assert_true(message, server).states[State.SENT] == 60


def test_half_open_it_takes_connections_and_says_nothing(machine, valkey, server, message):
    machine()
    valkey.signal(signal.SIGSTOP)
    time.sleep(15)
    valkey.signal(signal.SIGCONT)
    ended(message)

    assert assert_true(message, server).states[State.SENT] == 60


def there_is_room(valkey, programs):
    """A worker that could not say at its start that it is there has given up; its keeper starts it again."""
    valkey.client.config_set("maxmemory", 0)
    for program in programs:
        program.revive()


def test_full_it_takes_no_bell_until_there_is_room(machine, valkey, server, message):
    valkey.client.config_set("maxmemory", 1)
    programs = machine()
    time.sleep(12)
    assert server.taken == []
    there_is_room(valkey, programs)
    ended(message)

    assert assert_true(message, server).states[State.SENT] == 60


def test_filled_up_while_workers_send_they_go_on_once_there_is_room(machine, valkey, server, message):
    server.before_answer_to_dot = slowly
    programs = machine()
    wait_until(lambda: len(server.taken) >= 5, "it sends", PATIENCE)
    valkey.client.config_set("maxmemory", 1)
    time.sleep(8)
    there_is_room(valkey, programs)
    ended(message)

    assert assert_true(message, server).states[State.SENT] == 60


def test_the_child_of_a_pool_killed_its_parent_goes_on(machine, valkey, server, message):
    server.before_answer_to_dot = slowly
    [worker, _scheduler] = machine()
    wait_until(lambda: len(server.taken) >= 5, "it sends", PATIENCE)
    for child in _children(worker.pid):
        os.kill(child, signal.SIGKILL)
    leases_expire()
    ended(message)

    assert_true(message, server, unknown=IN_HAND)


def test_told_to_stop_in_the_middle_a_worker_finishes_what_it_has_in_hand(machine, valkey, server, message):
    server.before_answer_to_dot = slowly
    [worker, scheduler] = machine()
    wait_until(lambda: len(server.taken) >= 5, "it sends", PATIENCE)
    scheduler.signal(signal.SIGTERM)
    worker.signal(signal.SIGTERM)
    worker.wait()
    assert count("sending", "unknown") == 0
    drain(server)

    assert assert_true(message, server).states[State.SENT] == 60


def test_two_schedulers_and_two_workers(machine, valkey, server, message):
    server.before_answer_to_dot = slowly
    machine(1)
    machine(1)
    ended(message)

    assert assert_true(message, server).states[State.SENT] == 60
    assert Message.objects.get().finished_at <= clock.now()


def _children(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
