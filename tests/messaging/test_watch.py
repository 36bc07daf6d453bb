"""Whether sending moves, as `doctor` and `/metrics` say it."""

from datetime import timedelta

import pytest

from apps.accounts.models import User
from apps.collaboration.models import Notification
from apps.core import clock
from apps.messaging import services, watch
from apps.messaging.models import Message, SendingHome
from apps.messaging.selectors import sending_pulse
from apps.messaging.services import watchdog
from tests.factories.accounts import UserFactory
from tests.factories.messaging import MessageFactory, RecipientFactory

pytestmark = pytest.mark.django_db
TOKEN = "00000000-0000-0000-0000-000000000001"


def in_line_since(moment, **fields):
    message = MessageFactory(launched=True, **fields)
    RecipientFactory(message=message, due_at=moment)
    Message.objects.filter(pk=message.pk).update(updated_at=moment)
    return message


def held(message, until):
    return RecipientFactory(message=message, state="leased", lease_token=TOKEN, leased_until=until)


class TestSendingPulse:
    def test_nothing_is_stuck_where_nothing_is_open(self, noon):
        MessageFactory()
        in_line_since(noon, state="finished", finished_at=noon)

        pulse = sending_pulse(now=noon)

        assert (pulse.running, pulse.held, pulse.abandoned, pulse.stuck) == (0, 0, 0, None)

    def test_a_message_on_which_somebody_works_is_not_stuck(self, noon):
        message = in_line_since(noon - timedelta(hours=1))
        held(message, until=noon + timedelta(minutes=1))

        pulse = sending_pulse(now=noon)

        assert (pulse.running, pulse.held, pulse.abandoned, pulse.stuck) == (1, 1, 0, None)

    def test_one_whose_worker_did_not_come_back_is(self, noon):
        message = in_line_since(noon - timedelta(hours=1))
        held(message, until=noon - timedelta(minutes=1))

        pulse = sending_pulse(now=noon)

        assert (pulse.held, pulse.abandoned, pulse.stuck) == (1, 1, timedelta(hours=1))

    def test_one_that_was_resumed_just_now_has_waited_since_then(self, noon):
        message = in_line_since(noon - timedelta(hours=1))
        Message.objects.filter(pk=message.pk).update(updated_at=noon - timedelta(seconds=5))

        assert sending_pulse(now=noon).stuck == timedelta(seconds=5)

    @pytest.mark.parametrize("state", ["paused", "cancelled"])
    def test_who_is_held_back_by_a_person_is_not_stuck(self, noon, state):
        in_line_since(noon - timedelta(hours=1), state=state)

        assert sending_pulse(now=noon).stuck is None

    def test_is_two_queries_however_many_messages_there_are(self, noon, django_assert_num_queries):
        for _message in range(3):
            in_line_since(noon)

        with django_assert_num_queries(2):
            sending_pulse(now=noon)


@pytest.mark.parametrize(("minutes", "level"), [(1, "ok"), (3, "warning"), (11, "failed")])
def test_doctor_says_how_long_people_wait_with_nobody_at_work(minutes, level):
    in_line_since(clock.now() - timedelta(minutes=minutes, seconds=10))

    finding = watch.sending_check()

    assert finding.level == level
    assert level == "ok" or f"for {minutes} minutes" in finding.detail


def test_doctor_says_that_sending_is_switched_off(settings):
    settings.SENDING_ENABLED = False

    assert watch.sending_check().level == "warning"


def test_metrics_say_the_same(client):
    message = in_line_since(clock.now() - timedelta(minutes=5))
    held(message, until=clock.now() - timedelta(minutes=1))

    lines = client.get("/metrics").content.decode().splitlines()

    assert "bookend_messages_running 1.0" in lines
    assert "bookend_recipients_held 1.0" in lines
    assert "bookend_recipients_abandoned 1.0" in lines
    [stuck] = [line for line in lines if line.startswith("bookend_sending_stuck_seconds ")]
    assert 300 <= float(stuck.split()[1]) < 360


class TestSendingWatch:
    @pytest.fixture
    def told(self):
        UserFactory(role=User.Role.MARKETING_LEAD)
        UserFactory(role=User.Role.ADMINISTRATOR, is_active=False)
        admin = UserFactory(role=User.Role.ADMINISTRATOR)
        return lambda: [note.user == admin for note in Notification.objects.order_by("pk")]

    def test_tells_administrators_once_and_again_only_when_it_happens_again(self, noon, told):
        message = in_line_since(noon - watchdog.STUCK_FOR)

        assert services.sending_watch(now=noon)
        assert not services.sending_watch(now=noon + timedelta(minutes=1))
        assert told() == [True]
        assert Notification.objects.get().text == (
            "People have been in line for 10 minutes and nobody sends to them. Does the worker run?"
        )

        message.recipients.update(state="sent", finished_at=noon)
        assert not services.sending_watch(now=noon + timedelta(minutes=2))
        in_line_since(noon)
        assert services.sending_watch(now=noon + timedelta(minutes=12))
        assert told() == [True, True]

    def test_is_silent_while_nobody_waits_too_long(self, noon, told):
        in_line_since(noon - watchdog.STUCK_FOR + timedelta(seconds=1))

        assert not services.sending_watch(now=noon)
        assert told() == []

    @pytest.mark.parametrize("why", ["off", "copy"])
    def test_is_silent_where_nothing_is_to_be_sent_from_here(self, noon, told, settings, why):
        in_line_since(noon - timedelta(hours=1))
        settings.SENDING_ENABLED = why != "off"
        if why == "copy":
            SendingHome.objects.create(pk=1, database="another", since=noon)

        assert not services.sending_watch(now=noon)
        assert told() == []
