"""
A provider fails in every way that HTTP has: refuses, asks to wait, takes it and falls silent, answers half or
nonsense. And its events come fifty times, all at once, out of order, forged, with poison among them.
"""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse

from apps.contacts.models import ConsentEvent, Suppression
from apps.messaging.models import DeliveryEvent, DeliveryReport, Provider, Recipient
from apps.messaging.tokens import Purpose, token_make
from tests.factories.messaging import ProviderFactory, RecipientFactory
from tests.faults.truth import IN_HAND, assert_true, drain
from tests.faults.workers import NOWHERE, Worker, count, held_by, leases_expire, wait_until, waits_end
from tests.gateway import HALF, HANG_UP, NONSENSE, SILENCE, Gateway
from tests.messaging.test_channels import SAMPLES

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
State = Recipient.State
IMPATIENT = (5, 5, 2)
# Each of these people meets another fault: what the provider does, how often, and what becomes of the row.
FATES = {
    "no@example.com": (
        (422, {"ErrorCode": 300, "Message": "Invalid 'To' address: 'no@example.com'."}),
        None,
        "failed",
    ),
    "wait@example.com": ((429, {}), 1, "sent"),
    "busy@example.com": ((503, {}), 1, "sent"),
    "error@example.com": ((500, {}), 1, "unknown"),
    "mute@example.com": (SILENCE, 1, "unknown"),
    "cut-off@example.com": (HANG_UP, 1, "unknown"),
    "half@example.com": (HALF, 1, "unknown"),
    "nonsense@example.com": (NONSENSE, 1, "unknown"),
    "odd@example.com": ((200, "<html>"), 1, "unknown"),
}


@dataclass
class Delivered:
    """One mail in the provider's record, as `truth` looks at those of a mail server."""

    recipient: str
    mail_id: str


class Postmark(Gateway):
    """Postmark, as far as a sender can see it."""

    def __init__(self):
        super().__init__(SAMPLES["postmark"].usual)

    def record(self):
        for call in self.taken:
            told = {header["Name"]: header["Value"] for header in call.json["Headers"]}
            yield Delivered(call.json["To"], told["Message-ID"].strip("<>"))


class AsMailServer:
    """What `drain` and `assert_true` need to know: where mail goes without a provider, and the record."""

    url = NOWHERE

    def __init__(self, postmark):
        self._postmark = postmark

    @property
    def taken(self):
        return list(self._postmark.record())


@pytest.fixture
def people():
    return 30


@pytest.fixture
def postmark():
    with Postmark() as gateway:
        yield gateway


@pytest.fixture
def server(postmark):
    return AsMailServer(postmark)


@pytest.fixture
def message(message, postmark):
    message.sender.provider = ProviderFactory(settings={"api_url": postmark.url}, secret="s3cret")
    message.sender.save()
    return message


def test_each_persons_fault_is_theirs_alone(server, postmark, message, people):
    for address, (answer, times, _end) in FATES.items():
        RecipientFactory(message=message, contact__email=address)
        postmark.on(f'"{address}"', answer, times=times)

    with Worker(server, timeouts=IMPATIENT) as worker:
        worker.end()
    drain(server)

    ledger = assert_true(message, server, unknown=6)
    ends = dict(message.recipients.filter(address__in=FATES).values_list("address", "state"))
    assert ends == {address: fate[2] for address, fate in FATES.items()}
    assert ledger.states[State.SENT] == people + 2


def test_a_worker_killed_in_its_calls_leaves_unknown_what_the_providers_events_settle(
    server, postmark, message, people, client
):
    held = threading.Event()
    postmark.before_answer = lambda _call: held.wait(30)
    with Worker(server) as worker:
        wait_until(lambda: len(postmark.taken) >= 8, "all callers wait for an answer")
        worker.kill()
    held.set()
    postmark.before_answer = None
    leases_expire()
    drain(server)
    lost = assert_true(message, server, unknown=IN_HAND).states[State.UNKNOWN]
    assert lost >= 8

    for row in message.recipients.filter(
        state="unknown", address__in=[one.recipient for one in server.taken]
    ):
        tell(client, delivered(row))

    assert count("sent") == len(server.taken)
    assert assert_true(message, server, unknown=IN_HAND - 8).states[State.UNKNOWN] == people - len(
        server.taken
    )


@pytest.mark.parametrize("people", [60])
def test_what_one_worker_is_told_to_wait_keeps_every_worker_from_calling(server, postmark, message, people):
    asked, came = timedelta(seconds=3), []

    def take_a_moment(_call):
        came.append(datetime.now(UTC))
        time.sleep(0.4)

    postmark.before_answer = take_a_moment
    act = "tests.faults.workers.patiently"
    with Worker(server, act=act) as one, Worker(server, act=act) as other:
        wait_until(lambda: held_by(one.pid) and held_by(other.pid), "both are at work")
        postmark.on("", (429, {}), times=1, headers={"Retry-After": "3"})
        wait_until(lambda: Provider.objects.get().waits_until, "the wait is written down")
        until = Provider.objects.get().waits_until
        wait_until(lambda: came[-1] > until and not count("queued"), "both go on afterwards")
        waits_end()  # for the one who was told
        one.finish()
        other.finish()

    # Within a second both know, and what was in the air has landed.
    told = until - asked
    assert [moment for moment in came if told + timedelta(seconds=1.5) < moment < until] == []
    assert len([moment for moment in came if moment > until]) > people / 2
    assert assert_true(message, server).states[State.SENT] == people


def test_told_of_a_delivery_before_the_answer_a_worker_changes_nothing_any_more(
    server, postmark, message, people
):
    def tell_first(call):
        row = Recipient.objects.get(message=message, address=call.json["To"])
        tell(Client(), delivered(row))
        connections.close_all()

    postmark.before_answer = tell_first
    with Worker(server) as worker:
        worker.finish()
    drain(server)

    assert assert_true(message, server).states[State.SENT] == people
    assert DeliveryReport.objects.filter(verdict="delivered").count() == people


def test_an_event_told_fifty_times_at_once_is_done_once(message):
    row = message.recipients.first()
    Recipient.objects.filter(pk=row.pk).update(state="sent", mail_id="x@shop.example")
    told = event(row, RecordType="Bounce", ID=1, Type="HardBounce", Details="550 5.1.1 gone")

    def tell_once(_time):
        try:
            return tell(Client(), told).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as crowd:
        answers = list(crowd.map(tell_once, range(50)))

    assert set(answers) == {200}
    assert (DeliveryReport.objects.count(), DeliveryEvent.objects.count(), Suppression.objects.count()) == (
        1,
        1,
        1,
    )


def test_poison_forged_and_unknown_ones_hold_up_nobody(message, client, dice):
    rows = list(message.recipients.all())
    Recipient.objects.update(state="sent", mail_id="x@shop.example")
    good = [
        event(row, RecordType="SpamComplaint", ID=row.pk, Type="SpamComplaint", Details="\x00poison\x00" * 99)
        for row in rows
    ]
    forged = [one | {"Metadata": {"bookend": "A" * 22}, "ID": -one["ID"]} for one in good]
    unknown = [one | {"Metadata": {"bookend": token_make(Purpose.MAIL, 10**12)}} for one in good[:5]]
    odd = [
        None,
        [],
        3,
        "x",
        {"RecordType": ["Bounce"]},
        {"Metadata": None},
        {"RecordType": "Bounce", "Type": {}},
    ]
    batch = good + forged + unknown + odd + good
    dice.shuffle(batch)

    answers = {tell(client, batch).status_code for _time in range(2)}

    assert answers == {200}
    assert Suppression.objects.filter(reason="complained").count() == len(rows)
    assert ConsentEvent.objects.filter(status="unsubscribed").count() == len(rows)
    assert DeliveryEvent.objects.count() == len(rows)


def event(row, **more):
    return {"MessageID": "p-1", "Metadata": {"bookend": token_make(Purpose.MAIL, row.pk)}} | more


def delivered(row):
    return event(row, RecordType="Delivery", DeliveredAt="2030-03-01T12:00:00Z", Details="250 ok")


def tell(client, told):
    path = reverse("messaging:hook", args=["postmark", "s3cret"])
    return client.post(path, json.dumps(told), content_type="application/json")
