"""
The mail server fails in every way that there is: at each verb, before and after the final dot, for one and
for all, silent, slow, with another's certificate. Then it is well again, and what was left is drained.
"""

import ssl
import subprocess
import threading

import pytest

from apps.core import clock
from apps.messaging import services
from apps.messaging.models import Recipient
from tests.factories.messaging import RecipientFactory
from tests.faults.truth import IN_HAND, assert_true, drain
from tests.faults.workers import Worker, count, leases_expire, wait_until
from tests.mail import EVERYONE, HANG_UP, SILENCE, ScriptedServer

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
State = Recipient.State
IMPATIENT = (2, 2, 2)
# Each of these people meets another fault: verb, answer, how often, and what must become of the row.
FATES = {
    "greylisted@example.com": ("rcpt", "451 4.7.1 come back later", 1, "sent"),
    "full@example.com": ("rcpt", "452 4.2.2 mailbox full", None, "failed"),
    "nobody@example.com": ("rcpt", "550 5.1.1 no such person", None, "failed"),
    "busy-data@example.com": ("data", "451 4.3.0 busy", 1, "sent"),
    "no-data@example.com": ("data", "554 5.7.1 not from you", None, "failed"),
    "busy-dot@example.com": ("dot", "452 4.3.1 no room", 2, "sent"),
    "no-dot@example.com": ("dot", "554 5.6.0 that is spam", None, "failed"),
    "cut-off@example.com": ("rcpt", HANG_UP, 1, "sent"),
    "mute@example.com": ("rcpt", SILENCE, 1, "sent"),
    "half-read@example.com": ("body", HANG_UP, 1, "unknown"),
    "cut-off-at-the-dot@example.com": ("dot", HANG_UP, None, "unknown"),
    "mute-at-the-dot@example.com": ("dot", SILENCE, None, "unknown"),
}


@pytest.fixture
def people():
    return 30


def test_each_persons_fault_is_theirs_alone(server, message, people):
    for address, (verb, answer, times, _end) in FATES.items():
        RecipientFactory(message=message, contact__email=address)
        server.on(verb, address, answer, times=times)

    with Worker(server, timeouts=IMPATIENT) as worker:
        worker.finish()
    assert count("sent") >= people  # one poison row delays nobody
    drain(server)

    ledger = assert_true(message, server, unknown=3)
    ends = dict(message.recipients.filter(address__in=FATES).values_list("address", "state"))
    assert ends == {address: fate[3] for address, fate in FATES.items()}
    assert ledger.states[State.SENT] == people + 5


@pytest.mark.long
@pytest.mark.parametrize("answer", ["421 4.3.2 going down", SILENCE, HANG_UP])
@pytest.mark.parametrize("verb", ["greeting", "ehlo", "mail", "rcpt", "data"])
def test_nothing_is_lost_or_unknown_before_the_dot(server, message, people, verb, answer):
    server.on(verb, EVERYONE, answer, times=3)

    with Worker(server, timeouts=IMPATIENT) as worker:
        worker.end()
    server.script.answers.clear()
    drain(server)

    assert assert_true(message, server).states[State.SENT] == people


@pytest.mark.long
@pytest.mark.parametrize("verb", ["mail", "rcpt", "data", "dot"])
def test_not_now_is_not_never(server, message, people, verb):
    server.on(verb, EVERYONE, "451 4.3.0 try again", times=5)

    drain(server)

    assert assert_true(message, server).states[State.SENT] == people


@pytest.mark.long
@pytest.mark.parametrize(
    ("verb", "is_ours"), [("mail", True), ("rcpt", False), ("data", True), ("dot", False)]
)
def test_who_was_refused_for_our_fault_can_be_tried_again(server, message, people, lead, verb, is_ours):
    server.on(verb, EVERYONE, "550 5.7.1 no", times=3)
    drain(server)
    ledger = assert_true(message, server)
    assert (ledger.states[State.FAILED], ledger.retryable) == (3, 3 if is_ours else 0)

    services.message_retry_failed(message=message, by=lead, now=clock.now(), answer="550 5.7.1 no")
    drain(server)

    assert assert_true(message, server).states[State.SENT] == people


def test_going_down_after_the_dot_is_an_answer_too(server, message, people):
    server.on("dot", EVERYONE, "421 4.3.2 going down", times=3)

    drain(server)

    assert assert_true(message, server).states[State.SENT] == people


def test_a_server_slower_than_the_lease_is_believed_when_it_answers(server, message, people):
    slow = threading.Event()
    server.before_answer_to_dot = lambda _taken: slow.wait(30)
    with Worker(server) as worker:
        wait_until(lambda: len(server.taken) >= 8, "all connections wait for an answer")
        leases_expire()
        with Worker(server, act="apps.messaging.ledger.reap") as reaper:
            reaper.finish()
        given_up = count("unknown")
        slow.set()
        worker.finish()
    assert 0 < given_up <= IN_HAND
    drain(server)

    assert assert_true(message, server).states[State.SENT] == people


def test_nothing_is_told_to_a_server_with_a_certificate_of_somebody_else(message, people, tmp_path):
    with ScriptedServer(tls=_certificate(tmp_path)) as impostor, Worker(impostor) as worker:
        assert worker.end() == 1
        assert (impostor.taken, impostor.commands) == ([], [])
    assert count("queued") == people

    with ScriptedServer() as server:
        drain(server)
        assert assert_true(message, server).states[State.SENT] == people


def _certificate(folder):
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-subj", "/CN=somebody.example", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
