"""
Readers come in floods: opens and clicks while the database is away, and many who leave at once.

The door that opens and clicks come to is the one that the web server runs (`config.wsgi`).
"""

import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection

import psutil
import pytest
from django.db import connection
from django.test import Client

from apps.core import clock
from apps.messaging.models import DeliveryEvent, Link, Recipient
from apps.messaging.services import partitions_ensure
from apps.messaging.tokens import Purpose, token_make
from tests.factories.contacts import ContactFactory
from tests.factories.messaging import FrequencyCapFactory, MessageFactory, RecipientFactory
from tests.faults.truth import assert_true, drain
from tests.faults.workers import Program, Worker, count, database_of_test, wait_until

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
State = Recipient.State
HITS = 400
GROWTH = 40 * 2**20  # bytes


@pytest.fixture
def unused_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def web(unused_port, server):
    """Return what starts the web server; `database`: where it looks for it."""
    programs = []

    def start(database):
        command = ["-m", "granian", "--interface=wsgi", "--no-ws", "--workers=1", "--blocking-threads=4"]
        where = ["--host=127.0.0.1", f"--port={unused_port}", "config.wsgi:application"]
        program = Program(*command, *where, server=server, FAULT_DATABASE=json.dumps(database))
        programs.append(program)
        wait_until(lambda: is_up(unused_port), "the web server answers", patience=120)
        return program

    yield start
    for program in programs:
        workers = psutil.Process(program.pid).children(recursive=True)
        program.__exit__()
        for worker in workers:  # they do not go with who started them
            with suppress(psutil.NoSuchProcess):
                worker.kill()


def is_up(port):
    try:
        return ask(port, "/healthz").status == 200
    except OSError:
        return False


def ask(port, path):
    link = HTTPConnection("127.0.0.1", port, timeout=30)
    link.request("GET", path, headers={"User-Agent": "Mozilla/5.0 (Macintosh) Safari/605"})
    answer = link.getresponse()
    answer.read()
    link.close()
    return answer


def memory(program):
    root = psutil.Process(program.pid)
    return sum(one.memory_info().rss for one in [root, *root.children(recursive=True)])


def test_a_flood_while_the_database_is_away_is_answered_and_sending_goes_on(
    server, message, people, web, unused_port
):
    Link.objects.create(message=message, position=1, url="https://shop.example/spring")
    reader = message.recipients.first()
    opening = f"/o/{token_make(Purpose.OPEN, reader.pk)}.gif"
    click = f"/c/{token_make(Purpose.CLICK, reader.pk, 1)}"
    program = web({**database_of_test(), "PORT": "1"})
    ask(unused_port, opening), ask(unused_port, click)
    before = memory(program)

    with Worker(server) as worker, ThreadPoolExecutor(8) as readers:
        answers = list(readers.map(lambda path: ask(unused_port, path), [opening, click] * (HITS // 2)))
        worker.finish()

    told = {(one.status, one.headers["Content-Type"], one.headers.get("Retry-After")) for one in answers}
    assert told == {(200, "image/gif", None), (503, "text/html; charset=utf-8", "60")}
    assert memory(program) - before < GROWTH
    assert assert_true(message, server).states[State.SENT] == people


def test_a_flood_of_the_forged_and_the_real_keeps_the_real_and_leads_nowhere_else(message, web, unused_port):
    partitions_ensure(now=clock.now())
    Link.objects.create(message=message, position=1, url="https://shop.example/spring")
    ids = list(message.recipients.values_list("pk", flat=True))
    real = [f"/c/{token_make(Purpose.CLICK, pk, 1)}" for pk in ids]
    forged = [path[:-2] + "AA?url=https://evil.example/" for path in real]
    web(database_of_test())

    with ThreadPoolExecutor(8) as readers:
        answers = list(readers.map(lambda path: ask(unused_port, path), [*real, *forged]))

    led = [(one.status, one.headers.get("Location")) for one in answers]
    assert led[: len(real)] == [(302, "https://shop.example/spring")] * len(real)
    assert led[len(real) :] == [(404, None)] * len(forged)
    assert sorted(DeliveryEvent.objects.values_list("recipient_id", flat=True)) == sorted(ids)


def test_who_leaves_in_a_flood_leaves_once_and_is_not_written_to(server, message):
    """Half of them press the button three times each while the first mails are in the air."""
    partitions_ensure(now=clock.now())
    holding = threading.Event()
    server.before_answer_to_dot = lambda _taken: holding.wait(30)
    leaving = list(message.recipients.order_by("pk"))[30:]
    earlier = MessageFactory(launched=True, state="finished", finished_at=clock.now())
    had = {"message": earlier, "state": "sent", "finished_at": clock.now(), "mail_id": "earlier"}
    got = [RecipientFactory(contact=row.contact, **had) for row in leaving]  # a mail to leave by

    def leave(row):
        try:
            token = token_make(Purpose.UNSUBSCRIBE, row.pk)
            return Client().post(f"/u/{token}", {"List-Unsubscribe": "One-Click"}).status_code
        finally:
            connection.close()

    with Worker(server) as worker:
        wait_until(lambda: len(server.taken) >= 8, "the first flight is in the air")
        with ThreadPoolExecutor(8) as readers:
            answers = list(readers.map(leave, got * 3))
        holding.set()
        worker.finish()
    drain(server)

    gone = {row.address for row in leaving}
    assert set(answers) == {200}
    assert assert_true(message, server, silent=gone).states[State.SKIPPED] == len(gone)
    left = DeliveryEvent.objects.filter(kind="unsubscribed").values_list("recipient_id", flat=True)
    assert sorted(left) == [row.pk for row in got]


@pytest.mark.parametrize(("workers", "people"), [(3, 10), pytest.param(8, 40, marks=pytest.mark.long)])
def test_three_messages_at_once_under_a_cap_of_one_are_one_mail_each(server, workers, people):
    FrequencyCapFactory(most=1, days=1)
    readers = ContactFactory.create_batch(people)
    messages = [MessageFactory(launched=True) for _message in range(3)]
    for message in messages:
        for reader in readers:
            RecipientFactory(message=message, contact=reader)
    running = [Worker(server, act="tests.faults.workers.handfuls") for _worker in range(workers)]
    for worker in running:
        with worker:
            worker.finish()
    drain(server)

    assert sorted(server.recipients) == sorted(reader.email for reader in readers)
    assert (count("sent"), count("skipped")) == (people, 2 * people)
    reasons = Recipient.objects.filter(state="skipped").values_list("reason", flat=True)
    assert set(reasons) == {"capped"}
