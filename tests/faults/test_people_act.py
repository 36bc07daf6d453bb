"""
People do things while workers send: they pause and resume, edit, launch or approve twice, leave, are erased.

Caps and quiet hours, whose claims race too, are tested with those features.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from apps.accounts.models import User
from apps.campaigns import services as campaigns
from apps.campaigns.models import Approval
from apps.campaigns.standings import part_standing
from apps.collaboration.models import AuditEvent
from apps.contacts import services as contacts
from apps.core import clock
from apps.core.errors import DomainError
from apps.messaging import services
from apps.messaging.models import Message, Recipient
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import CampaignFactory
from tests.factories.contacts import ContactFactory, SuppressionFactory
from tests.factories.messaging import MessageFactory, RecipientFactory
from tests.faults.truth import IN_HAND, assert_true, drain
from tests.faults.workers import Worker, count, wait_until

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
State = Recipient.State


@pytest.mark.parametrize(("times", "people"), [(5, 240), pytest.param(50, 2_000, marks=pytest.mark.long)])
def test_paused_and_resumed_again_and_again_it_stops_each_time_and_forgets_nobody(
    server, message, lead, people, times, dice
):
    server.before_answer_to_dot = lambda _taken: time.sleep(0.01)
    act = {"message": message, "by": lead}
    most = people // times - IN_HAND - 1  # what a pause finds in hand leaves too, and some must be left
    for _time in range(times):
        with Worker(server) as worker:
            goal = len(server.taken) + dice.randint(0, most)
            wait_until(lambda goal=goal: len(server.taken) >= goal, "it sends")
            services.message_pause(**act, now=clock.now())
            worker.end()
        stopped_at = len(server.taken)
        with Worker(server, act="apps.messaging.services.messages_send") as worker:
            worker.finish()
        assert len(server.taken) == stopped_at
        assert count("sending", "leased") == 0
        assert count("queued") > 0
        services.message_resume(**act, now=clock.now())
    drain(server)

    assert assert_true(message, server).states[State.SENT] == people


def test_after_a_pause_no_more_leaves_than_was_in_the_air(server, message, lead):
    server.before_answer_to_dot = lambda _taken: time.sleep(0.05)
    with Worker(server) as worker:
        wait_until(lambda: len(server.taken) >= 5, "it sends")
        services.message_pause(message=message, by=lead, now=clock.now())
        taken = len(server.taken)
        worker.end()

    assert len(server.taken) - taken <= IN_HAND
    assert count("queued") == 60 - len(server.taken)


def test_cancelled_while_it_is_sent_everybody_either_got_it_or_did_not(server, message, lead):
    server.before_answer_to_dot = lambda _taken: time.sleep(0.02)
    with Worker(server) as worker:
        wait_until(lambda: len(server.taken) >= 5, "it sends")
        services.message_cancel(message=message, by=lead, now=clock.now())
        worker.finish()
    drain(server)

    ledger = assert_true(message, server)
    assert ledger.states[State.SENT] + ledger.states[State.CANCELLED] == 60
    assert ledger.states[State.CANCELLED] > 0


def test_who_leaves_or_is_erased_before_their_turn_is_not_written_to(server, message, lead):
    """Half of them go while the first mails are on their way: none of these was begun by then."""
    holding = threading.Event()
    server.before_answer_to_dot = lambda _taken: holding.wait(20)
    rows = list(message.recipients.order_by("pk"))
    with Worker(server) as worker:
        wait_until(lambda: len(server.taken) >= 8, "the first flight is in the air")
        for place, row in enumerate(rows[IN_HAND + 1 :: 2]):
            if place % 2:
                contacts.contact_erase(contact=row.contact, why="", by=lead, now=clock.now())
            else:
                SuppressionFactory(address=row.address)
        holding.set()
        worker.finish()
    drain(server)

    gone = {row.address for row in rows[IN_HAND + 1 :: 2]}
    ledger = assert_true(message, server, silent=gone)
    assert not gone & set(server.recipients)
    assert ledger.states[State.SKIPPED] == len(gone)
    assert ledger.states[State.SENT] == 60 - len(gone)


def at_once(act, people):
    """Let all of them do this at the same moment; return what each was told, in order."""
    start = threading.Barrier(len(people))

    def alone(person):
        try:
            start.wait(10)
            act(person)
        except DomainError as refusal:
            return str(refusal)
        else:
            return ""
        finally:
            connection.close()

    with ThreadPoolExecutor(len(people)) as pool:
        return sorted(pool.map(alone, people, timeout=30))


def test_two_who_approve_at_once_are_one_approval(lead):
    campaign = CampaignFactory(stage="review", asks_approvals=True)
    campaigns.approval_ask(campaign=campaign, part="goal", by=lead, now=clock.now())
    digest = part_standing(campaign, "goal").digest
    both = UserFactory.create_batch(2, role=User.Role.MARKETING_LEAD)

    told = at_once(
        lambda person: campaigns.approval_give(
            campaign=campaign, part="goal", digest=digest, by=person, now=clock.now()
        ),
        both,
    )

    assert told[0] == ""
    assert told[1] != ""
    assert Approval.objects.filter(state="approved").count() == 1
    assert AuditEvent.objects.filter(action="approval.approved").count() == 1


class TestLaunch:
    def test_launched_twice_at_once_it_is_launched_once(self, server, lead):
        message = MessageFactory()
        ContactFactory.create_batch(10)

        told = at_once(
            lambda person: services.message_launch(message=message, by=person, now=clock.now()), [lead, lead]
        )
        drain(server)

        assert told == ["", "This message is “Running” already."]
        assert assert_true(message, server).states[State.SENT] == 10

    def test_what_runs_is_not_edited(self, message, lead):
        with pytest.raises(services.MessageRefused):
            services.message_update(message=message, fields={"name": "Other"}, by=lead, now=clock.now())
        assert Message.objects.get().name == message.name


def test_three_messages_to_the_same_people_by_four_workers_are_three_mails_each(server):
    people = ContactFactory.create_batch(20)
    messages = [MessageFactory(launched=True) for _message in range(3)]
    for message in messages:
        for person in people:
            RecipientFactory(message=message, contact=person)
    workers = [Worker(server) for _worker in range(4)]
    for worker in workers:
        with worker:
            worker.finish()

    assert sorted(server.recipients) == sorted(person.email for person in people for _message in messages)
    assert {message.recipients.filter(state="sent").count() for message in messages} == {20}
    assert set(server.copies.values()) == {1}
