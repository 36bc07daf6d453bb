"""
Two schedulers, none for hours, machines with a wrong clock; a copy of the database beside the original.

What depends on a contact's own hour (time zones, quiet hours, caps) belongs to the tests of those features.
"""

from datetime import timedelta

import pytest
from django.db import connection

from apps.core import clock
from apps.messaging import homes
from apps.messaging.models import Recipient
from tests.databases import in_another
from tests.factories.messaging import MessageFactory, RecipientFactory
from tests.faults.truth import assert_true, drain
from tests.faults.workers import Worker, count

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
State = Recipient.State
RING = "apps.messaging.services.messages_send"


@pytest.fixture
def people():
    return 30


def test_a_bell_rung_eight_times_at_once_is_one_bell(server, message, people):
    rings = [Worker(server, act=RING) for _ring in range(8)]
    for ring in rings:
        with ring:
            ring.finish()

    assert assert_true(message, server).states[State.SENT] == people


def test_down_over_the_hour_it_is_sent_late_or_not_at_all_as_the_message_says(server):
    an_hour_ago = clock.now() - timedelta(hours=1)
    due = {"state": "planned", "due_at": an_hour_ago - timedelta(hours=1)}
    late = MessageFactory(launched=True)
    too_late = MessageFactory(launched=True, not_after=an_hour_ago)
    RecipientFactory.create_batch(5, message=late, **due)
    RecipientFactory.create_batch(5, message=too_late, **due)

    drain(server)

    assert assert_true(late, server).states[State.SENT] == 5
    assert assert_true(too_late, server).states[State.EXPIRED] == 5


@pytest.mark.parametrize("hours_off", [-1, 1])
def test_a_machine_with_a_wrong_clock_sends_what_is_due_and_nothing_else(server, message, people, hours_off):
    half_an_hour = clock.now() + timedelta(minutes=30)
    later = RecipientFactory(message=message, state="planned", due_at=half_an_hour)

    with Worker(server, hours_off=hours_off) as worker, Worker(server) as other:
        worker.finish()
        other.finish()

    assert count("sent") == people
    later.refresh_from_db()
    assert later.state == "planned"
    drain(server)
    assert assert_true(message, server).states[State.SENT] == people + 1


@pytest.mark.parametrize("switched", [{}, {"SENDING_ENABLED": False}])
def test_a_copy_beside_the_original_sends_nothing(server, message, people, switched):
    """By itself, and with sending off: the original had sent before it was copied."""
    homes.settle_in(now=clock.now())
    original, copy = connection.settings_dict["NAME"], f"{connection.settings_dict['NAME']}_copy"
    connection.close()
    in_another(f"CREATE DATABASE {copy} TEMPLATE {original}")
    try:
        connection.settings_dict["NAME"] = copy
        with Worker(server, act=RING, **switched) as worker:
            worker.finish()
        assert (count("queued"), server.taken) == (people, [])
    finally:
        connection.close()
        connection.settings_dict["NAME"] = original
        in_another(f"DROP DATABASE {copy}")
    drain(server)

    assert assert_true(message, server).states[State.SENT] == people
