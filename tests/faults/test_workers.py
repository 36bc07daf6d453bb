"""
A worker is killed with `kill -9` at each point of a send, and another one goes on.

Asserted after that, against the mail server's own record: nobody got it twice, nobody is lost, what cannot be
known is said to be unknown, and no more of those than one worker has in its hands.
"""

import threading
import time
from contextlib import ExitStack

import pytest

from apps.messaging.models import RateTally, Recipient
from tests.factories.messaging import RateLimitFactory
from tests.faults.truth import IN_HAND, assert_true, drain
from tests.faults.workers import (
    Worker,
    count,
    leases_expire,
    locked,
    wait_until,
    waiting_for_locks,
    waits_for_a_lock,
)
from tests.mail import SILENCE

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
State = Recipient.State
PEOPLE = 60


def drained(message, server, *, unknown=0):
    drain(server)
    ledger = assert_true(message, server, unknown=unknown)
    assert ledger.states[State.SENT] + ledger.states[State.UNKNOWN] == PEOPLE
    return ledger


def test_killed_before_the_claim(server, message):
    with Worker(server) as worker, locked("LOCK messaging_recipient IN ACCESS EXCLUSIVE MODE"):
        wait_until(waits_for_a_lock, "it stands before the table")
        worker.kill()

    assert count("queued") == PEOPLE
    assert drained(message, server).states[State.SENT] == PEOPLE


def test_killed_after_the_claim(server, message):
    with Worker(server) as worker, locked("SELECT FROM messaging_message FOR UPDATE"):
        wait_until(lambda: count("leased") == PEOPLE, "all are claimed")
        worker.kill()

    assert server.taken == []
    assert drained(message, server).states[State.SENT] == PEOPLE


@pytest.mark.parametrize("verb", ["rcpt", "data", "body"])
def test_killed_past_the_point_of_no_return_before_the_dot(server, message, verb):
    server.on(verb, "*", SILENCE)
    with Worker(server) as worker:
        wait_until(lambda: count("sending") > 0 and server.connections >= 2, "mails are on their way")
        worker.kill()
    in_hand = count("sending")
    assert 0 < in_hand <= IN_HAND
    assert server.taken == []
    server.script.answers.clear()

    ledger = drained(message, server, unknown=in_hand)

    assert ledger.states[State.UNKNOWN] == in_hand  # nothing had left, but nobody can know that any more


def test_killed_after_the_answer_and_before_it_is_written_down(server, message):
    first = threading.Lock()

    def hold_the_ledger(_taken):
        if first.acquire(blocking=False):
            locks.enter_context(locked("SELECT FROM messaging_recipient FOR UPDATE"))

    server.before_answer_to_dot = hold_the_ledger
    with ExitStack() as locks, Worker(server) as worker:
        wait_until(lambda: len(server.taken) >= 10, "the server has taken mails")
        time.sleep(0.5)  # the answers are back, and cannot be written down
        worker.kill()
    server.before_answer_to_dot = None
    taken = len(server.taken)
    assert 0 < taken <= IN_HAND
    assert count("sent") == 0

    ledger = drained(message, server, unknown=IN_HAND)

    assert ledger.states[State.UNKNOWN] >= taken


def test_killed_at_random_again_and_again(server, message, dice):
    server.before_answer_to_dot = lambda _taken: time.sleep(0.02)
    kills = 3
    for _kill in range(kills):
        before = len(server.taken)
        with Worker(server) as worker:
            struck = before + dice.randrange(1, 12)
            wait_until(lambda goal=struck: len(server.taken) >= min(goal, PEOPLE - 1), "it sends")
            worker.kill()
        leases_expire()

    drained(message, server, unknown=kills * IN_HAND)


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_at_once_write_to_nobody_twice(server, message, workers):
    server.before_answer_to_dot = lambda _taken: time.sleep(0.02)
    with ExitStack() as running, locked("LOCK messaging_recipient IN ACCESS EXCLUSIVE MODE") as free:
        started = [
            running.enter_context(Worker(server, act="tests.faults.workers.handfuls")) for _ in range(workers)
        ]
        wait_until(lambda: waiting_for_locks() == workers, "all stand before the table")
        free()
        for worker in started:
            worker.finish()

    assert server.connections > 5 * (workers - 1)  # one worker has one for each mail of a handful
    assert drained(message, server).states[State.SENT] == PEOPLE


@pytest.mark.parametrize("of", ["a sender", "a domain"])
def test_four_workers_at_once_keep_a_limit(server, message, of):
    whose = {"sender": message.sender} if of == "a sender" else {"sender": None, "domain": "example.com"}
    limit = RateLimitFactory(most=20, per="day", **whose)

    for round_ in (1, 2):
        with ExitStack() as running, locked("LOCK messaging_recipient IN ACCESS EXCLUSIVE MODE") as free:
            started = [
                running.enter_context(Worker(server, act="tests.faults.workers.handfuls")) for _ in range(4)
            ]
            wait_until(lambda: waiting_for_locks() == 4, "all stand before the table")
            free()
            for worker in started:
                worker.finish()  # none of them waits for tomorrow

        assert len(server.taken) == count("sent") == round_ * 20
        RateTally.objects.filter(key=f"limit:{limit.pk}").update(used=[])  # a day has passed
    limit.delete()

    assert drained(message, server).states[State.SENT] == PEOPLE
