"""From the ledger to the mail server and back, over a real server on loopback."""

from collections import Counter
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from apps.collaboration.models import Notification
from apps.core import clock
from apps.messaging import ledger, services, tasks
from apps.messaging.models import Message, Recipient
from apps.messaging.services import sending
from tests.factories.contacts import ContactFactory
from tests.factories.messaging import MessageFactory, RecipientFactory
from tests.gateway import free_port
from tests.mail import HANG_UP, SILENCE

pytestmark = pytest.mark.django_db
State = Recipient.State


def states(message):
    return dict(message.recipients.values_list("contact__email", "state"))


def reader(message, address, **more):
    return RecipientFactory(message=message, contact=ContactFactory(email=address), **more)


def test_everyone_gets_one_mail_and_the_message_ends(noon, mail_server):
    message = MessageFactory(launched=True)
    for number in range(30):
        reader(message, f"reader-{number}@example.com")

    for _ring in range(3):
        services.messages_send(now=noon)

    assert len(mail_server.taken) == 30
    assert set(mail_server.copies.values()) == {1}
    assert set(states(message).values()) == {"sent"}
    message.refresh_from_db()
    assert message.state == Message.State.FINISHED


def test_the_ledger_says_what_the_servers_own_record_says(noon, mail_server):
    message = MessageFactory(launched=True)
    for number in range(30):
        reader(message, f"reader-{number}@example.com")
    mail_server.on("rcpt", "reader-7@example.com", "550 no such person")

    services.messages_send(now=noon)

    sent = message.recipients.filter(state=State.SENT).values_list("mail_id", flat=True)
    assert sorted(sent) == sorted(mail_server.copies)
    assert len(sent) == 29


def test_a_mail_is_personal_and_its_links_are_tracked(noon, mail_server, settings):
    message = MessageFactory(launched=True)
    recipient = RecipientFactory(message=message, contact__attributes={"first_name": "Ann & Bob"})

    services.messages_send(now=noon)

    mail = mail_server.taken[0].mail
    text, html = (part.get_content() for part in mail.iter_parts())
    assert (mail["To"], mail["Subject"]) == (recipient.contact.email, "Spring is here")
    assert "Dear Ann & Bob, come and see." in text
    assert "Dear Ann &amp; Bob, come and see." in html
    assert "shop.example/spring" not in html
    assert f'href="{settings.TRACKING_BASE_URL}/c/' in html
    assert f'src="{settings.TRACKING_BASE_URL}/o/' in html
    assert f'href="{settings.TRACKING_BASE_URL}/u/' in html
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.usefixtures("impatient")
def test_an_answer_an_error_and_a_silence_are_told_apart(noon, mail_server):
    message = MessageFactory(launched=True)
    for name in ("taken", "gone", "later", "silent", "hung-up"):
        reader(message, f"{name}@example.com")
    mail_server.on("rcpt", "gone@example.com", "550 5.1.1 no such person")
    mail_server.on("rcpt", "later@example.com", "451 4.7.1 come back")
    mail_server.on("dot", "silent@example.com", SILENCE)
    mail_server.on("dot", "hung-up@example.com", HANG_UP)

    services.messages_send(now=noon)

    assert states(message) == {
        "taken@example.com": "sent",
        "gone@example.com": "failed",
        "later@example.com": "planned",
        "silent@example.com": "unknown",
        "hung-up@example.com": "unknown",
    }
    assert message.recipients.get(state="failed").answer == "550 5.1.1 no such person"


def test_greylisting_is_waited_out(noon, mail_server):
    message = MessageFactory(launched=True)
    reader(message, "grey@example.com")
    mail_server.on("rcpt", "grey@example.com", "451 4.7.1 greylisted", times=1)

    services.messages_send(now=noon)
    services.messages_send(now=noon + ledger.RETRY_AFTER[0] / 2)
    assert mail_server.taken == []
    services.messages_send(now=noon + ledger.RETRY_AFTER[0] + timedelta(seconds=1))

    assert states(message) == {"grey@example.com": "sent"}
    assert set(mail_server.copies.values()) == {1}


def test_a_server_out_of_reach_costs_nobody_anything(noon, mail_server):
    message = MessageFactory(launched=True)
    reader(message, "ann@example.com")
    mail_server.on("greeting", "*", "421 not now", times=2)

    services.messages_send(now=noon)
    assert message.recipients.values_list("state", "attempts").get() == ("queued", 0)
    services.messages_send(now=noon)
    services.messages_send(now=noon)

    assert states(message) == {"ann@example.com": "sent"}
    message.refresh_from_db()
    assert message.connections_failed == 0


def test_a_server_that_stays_away_pauses_the_message_with_the_reason(noon, mail_server, monkeypatch):
    monkeypatch.setattr("apps.messaging.services.health.CONNECTIONS_FAILED", 3)
    message = RecipientFactory().message
    mail_server.on("greeting", "*", "554 no service here")

    for _ring in range(4):
        services.messages_send(now=noon)

    message.refresh_from_db()
    assert message.state == Message.State.PAUSED
    assert (
        message.pause_reason == "The mail server could not be reached 3 times in a row: 554 no service here"
    )
    told = {notice.user for notice in Notification.objects.filter(text__contains="no service here")}
    assert told == {message.campaign.captain, message.channel.owner}


def test_a_spike_of_refusals_pauses_the_message_and_the_rest_stays_in_line(noon, mail_server):
    message = MessageFactory(launched=True)
    RecipientFactory.create_batch(100, message=message)
    mail_server.on("rcpt", "*", "550 5.7.1 your address is on a list")

    services.messages_send(now=noon)

    message.refresh_from_db()
    assert message.state == Message.State.PAUSED
    assert "refused" in message.pause_reason
    counts = [message.recipients.filter(state=state).count() for state in ("failed", "queued")]
    assert sum(counts) == 100
    assert 50 <= counts[0] <= 50 + sending.FLIGHT_SIZE * 2


def test_a_contact_whose_template_fails_fails_alone(noon, mail_server):
    message = MessageFactory(
        launched=True, template__version__subject="{{ contact.bought_at | date: '%Y' }} sale"
    )
    broken = reader(message, "ann@example.com")
    broken.contact.attributes = {"bought_at": "9" * 400}
    broken.contact.save()
    for number in range(3):
        reader(message, f"fine-{number}@example.com")

    services.messages_send(now=noon)

    assert states(message)["ann@example.com"] == "failed"
    assert message.recipients.get(state="failed").answer.startswith(
        "The template fails on this contact's data"
    )
    assert len(mail_server.taken) == 3


def test_templates_that_fail_on_everybodys_data_pause_the_message(noon, mail_server):
    message = MessageFactory(
        launched=True, template__version__subject="{{ contact.bought_at | date: '%Y' }} sale"
    )
    RecipientFactory.create_batch(100, message=message, contact__attributes={"bought_at": "9" * 400})

    services.messages_send(now=noon)

    failed = next(n for n in range(0, 100, sending.FLIGHT_SIZE) if n >= 50)  # enough to tell by
    message.refresh_from_db()
    assert message.state == Message.State.PAUSED
    assert message.pause_reason == f"{failed} of the last {failed} mails were refused, or could not be built."
    counts = Counter(message.recipients.values_list("state", flat=True))
    assert counts == {"failed": failed, "queued": 100 - failed}
    assert mail_server.taken == []


@pytest.mark.parametrize("address", ['"a,b"@shop.example', "jörg@shop.example"])
def test_a_sender_that_no_mail_can_come_from_pauses_its_message_and_no_other(noon, mail_server, address):
    broken = MessageFactory(launched=True, sender__email=address)
    RecipientFactory.create_batch(3, message=broken)
    sound = MessageFactory(launched=True)
    reader(sound, "ann@example.com")

    services.messages_send(now=noon)

    broken.refresh_from_db()
    assert (broken.state, broken.pause_reason) == (
        "paused",
        "Mail servers would not take the address of the sender “Shop”.",
    )
    assert set(broken.recipients.values_list("state", "attempts", "lease_token")) == {("queued", 0, None)}
    assert states(sound) == {"ann@example.com": "sent"}
    assert Notification.objects.filter(text__contains="would not take the address").count() == 2

    broken.sender.email = "mended@shop.example"
    services.sender_save(sender=broken.sender, by=broken.campaign.captain, now=noon)
    services.message_resume(message=broken, by=broken.campaign.captain, now=noon)
    services.messages_send(now=noon)

    assert set(states(broken).values()) == {"sent"}


def test_what_a_server_says_as_it_hangs_up_is_kept_without_the_address(noon, mail_server, monkeypatch):
    """Who sees the message reads why it was paused; who may see people is another question."""
    monkeypatch.setattr("apps.messaging.services.health.CONNECTIONS_FAILED", 1)
    message = RecipientFactory().message
    mail_server.on("greeting", "*", "421 too many mails to <ann@example.com>, wait")

    services.messages_send(now=noon)

    message.refresh_from_db()
    assert message.pause_reason.endswith("421 too many mails to <…>, wait")


class TestCommand:
    def test_sends_until_nothing_is_in_line(self, mail_server):
        message = MessageFactory(launched=True)
        RecipientFactory.create_batch(3, message=message)

        call_command("messages_send")

        assert len(mail_server.taken) == 3
        message.refresh_from_db()
        assert message.state == Message.State.FINISHED

    def test_is_refused_while_sending_is_switched_off(self, mail_server, settings):
        settings.SENDING_ENABLED = False
        RecipientFactory()

        with pytest.raises(CommandError, match="SENDING_ENABLED"):
            call_command("messages_send")

    def test_stops_when_nothing_moves_and_says_so(self, mail_server):
        recipient = RecipientFactory()
        mail_server.on("greeting", "*", "421 not now")

        with pytest.raises(CommandError, match="Nothing moves: 1 recipient"):
            call_command("messages_send")

        assert mail_server.connections == 2
        recipient.message.refresh_from_db()
        assert (recipient.message.state, recipient.message.connections_failed) == ("running", 2)

    def test_leaves_alone_what_waits_for_its_hour(self, mail_server):
        RecipientFactory(state="planned", due_at=clock.now() + timedelta(hours=1))

        call_command("messages_send")

        assert mail_server.taken == []


@pytest.mark.django_db(transaction=True)
def test_a_pause_stops_after_what_is_in_the_air(noon, mail_server):
    message = MessageFactory(launched=True)
    RecipientFactory.create_batch(100, message=message)
    paused = []

    def pause(taken):
        if not paused:
            paused.append(taken)
            services.message_pause(message=message, by=None, now=noon)
            connections.close_all()

    mail_server.before_answer_to_dot = pause
    services.messages_send(now=noon)

    sent = len(mail_server.taken)
    assert 1 <= sent <= sending.FLIGHT_SIZE
    counts = Counter(message.recipients.values_list("state", flat=True))
    assert counts == {"sent": sent, "queued": 100 - sent}


def test_nothing_leaves_while_sending_is_switched_off(noon, mail_server, settings):
    settings.SENDING_ENABLED = False
    recipient = RecipientFactory()

    services.messages_send(now=noon)

    assert states(recipient.message) == {recipient.contact.email: "queued"}
    assert mail_server.connections == 0


def test_connections_are_kept_between_rings(noon, mail_server):
    for _ring in range(3):
        RecipientFactory()
        services.messages_send(now=noon)

    assert len(mail_server.taken) == 3
    assert mail_server.connections == 1


def test_a_worker_is_never_past_the_point_of_no_return_with_more_than_25(noon, mail_server):
    message = MessageFactory(launched=True)
    RecipientFactory.create_batch(80, message=message)
    seen = []
    advance = ledger.advance

    def watched(*args, **kwargs):
        begun = advance(*args, **kwargs)
        seen.append(Recipient.objects.filter(state="sending").count())
        return begun

    sending.ledger.advance = watched
    try:
        services.messages_send(now=noon)
    finally:
        sending.ledger.advance = advance

    assert 12 < max(seen) <= 25
    assert len(mail_server.taken) == 80


def test_where_there_is_more_than_one_can_take_it_rings_once_for_whoever_is_free(
    noon, mail_server, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(sending, "CLAIM_SIZE", 2)
    RecipientFactory.create_batch(5, message=MessageFactory(launched=True))

    with django_capture_on_commit_callbacks() as rung:
        services.messages_send(now=noon)

    assert len(mail_server.taken) == 5
    assert [getattr(ring, "__self__", None) for ring in rung] == [tasks.messages_send]


def test_of_a_server_out_of_reach_nobody_else_is_told(
    noon, settings, monkeypatch, django_capture_on_commit_callbacks
):
    settings.EMAIL_URL = f"smtp://127.0.0.1:{free_port()}"
    monkeypatch.setattr(sending, "CLAIM_SIZE", 2)
    RecipientFactory.create_batch(5, message=MessageFactory(launched=True))

    with django_capture_on_commit_callbacks() as rung:
        services.messages_send(now=noon)

    assert rung == []


def test_it_rings_again_while_there_is_work_and_stops_when_there_is_none(
    noon, mail_server, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(sending, "STRETCH", 0.0)
    RecipientFactory()

    with django_capture_on_commit_callbacks() as rung:
        services.messages_send(now=noon)
    assert [getattr(ring, "__self__", None) for ring in rung] == [tasks.messages_send]

    monkeypatch.setattr(sending, "STRETCH", 5.0)
    with django_capture_on_commit_callbacks() as rung:
        services.messages_send(now=noon)
    assert rung == []
