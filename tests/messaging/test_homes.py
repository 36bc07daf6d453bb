"""A copy of the database that sends is switched off by itself, until somebody says that it is the one now."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import User
from apps.collaboration.models import AuditEvent, Notification
from apps.messaging import homes, services
from apps.messaging.models import Recipient, SendingHome, Settlement
from apps.messaging.selectors import Doubt, ledger_problems
from apps.messaging.watch import sending_check
from tests.factories.accounts import UserFactory
from tests.factories.contacts import ContactFactory
from tests.factories.messaging import ExperimentFactory, MessageFactory, RecipientFactory

pytestmark = pytest.mark.django_db
HERE = "/settings/sending-rules/here/"


@pytest.fixture
def admin():
    return UserFactory(role=User.Role.ADMINISTRATOR)


@pytest.fixture
def copied(noon):
    """What a copy finds: the row of the database that it was copied from."""
    return SendingHome.objects.create(pk=1, database="7300000000000000000/16384", since=noon)


def test_the_first_that_sends_is_at_home(noon):
    assert not homes.is_copy()
    assert homes.settle_in(now=noon)
    assert homes.settle_in(now=noon)
    assert not homes.is_copy()


def test_a_copy_claims_nothing_and_says_why(copied, noon, mail_server):
    row = RecipientFactory()

    services.messages_send(now=noon)

    row.refresh_from_db()
    assert (row.state, mail_server.taken) == (Recipient.State.QUEUED, [])
    assert "is a copy" in sending_check().detail
    with pytest.raises(CommandError, match="is a copy"):
        call_command("messages_send")


def test_nothing_is_launched_in_a_copy(copied, noon, lead):
    ContactFactory()

    with pytest.raises(services.MessageNotLaunchable, match="is a copy"):
        services.message_launch(message=MessageFactory(), by=lead, now=noon)


@pytest.mark.parametrize("since", ["", "yesterday"])
def test_nothing_is_moved_until_it_is_said_what_the_original_did(copied, login, admin, since):
    client = login(admin)
    assert "This is a copy" in client.get("/settings/sending-rules/").text

    page = client.post(HERE, {"since": since})

    assert page.status_code == 200
    assert homes.is_copy()


def test_an_original_that_had_stopped_leaves_its_line_to_the_copy(copied, login, admin, noon, mail_server):
    RecipientFactory()
    client = login(admin)

    client.post(HERE, {"since": "nothing"})
    services.messages_send(now=noon)

    assert len(mail_server.taken) == 1
    assert AuditEvent.objects.get(action="sendingpolicy.moved").by == admin
    assert "This is a copy" not in client.get("/settings/sending-rules/").text
    assert client.get(HERE).url == "/settings/sending-rules/"


class TestRestored:
    """A backup brought back: the original has sent on, and this database cannot know to whom."""

    @pytest.fixture
    def row(self, copied):
        return RecipientFactory(due_at="2026-01-01T00:00Z")

    def test_who_was_due_is_unknown_and_who_is_not_yet_is_not(self, row, noon, admin, mail_server):
        message, later = row.message, noon + timedelta(days=1)
        held = RecipientFactory(
            message=message, state="sending", leased_until=noon, lease_token=uuid4(), due_at=noon
        )
        tomorrow = RecipientFactory(message=message, state="planned", due_at=later)
        sent = RecipientFactory(message=message, state="sent", finished_at=noon, mail_id="one@here")

        assert services.sending_restore_here(by=admin, now=noon) == 2
        services.messages_send(now=noon)

        states = dict(message.recipients.values_list("pk", "state"))
        assert states == {row.pk: "unknown", held.pk: "unknown", tomorrow.pk: "planned", sent.pk: "sent"}
        assert mail_server.taken == []
        assert ledger_problems(message, now=noon) == []

    @pytest.mark.parametrize(("state", "after"), [("paused", "unknown"), ("cancelled", "cancelled")])
    def test_also_of_a_paused_message_and_not_of_a_cancelled_one(self, row, noon, admin, state, after):
        row.message.state = state
        row.message.save()

        services.sending_restore_here(by=admin, now=noon)
        services.messages_send(now=noon)

        row.refresh_from_db()
        assert row.state == after

    def test_who_awaits_a_winner_may_have_got_it_too(self, copied, noon, admin):
        experiment = ExperimentFactory(message__launched=True)
        row = RecipientFactory(message=experiment.message, state="awaiting", due_at=noon)

        services.sending_restore_here(by=admin, now=noon)

        row.refresh_from_db()
        assert row.state == "unknown"
        assert ledger_problems(experiment.message, now=noon) == []

    @pytest.mark.parametrize("is_retried", [False, True])
    def test_who_got_nothing_awaits_the_winner_again(self, copied, noon, admin, is_retried):
        """Not the first variant, which nobody has chosen."""
        experiment = ExperimentFactory(message__launched=True)
        message = experiment.message
        row = RecipientFactory(message=message, state="awaiting", due_at=noon)
        services.sending_restore_here(by=admin, now=noon)
        asked = {"message": message, "by": admin, "now": noon}

        if is_retried:  # the original's mail to them came back
            message.recipients.update(state="failed", is_retryable=True)
            assert ledger_problems(message, now=noon) == []
            services.message_retry_failed(**asked)
        else:
            no = Settlement.Verdict.NOT_SENT
            services.recipients_settle(doubt=Doubt(), verdict=no, reason="The log has none.", **asked)

        row.refresh_from_db()
        assert row.state == "awaiting"
        assert ledger_problems(message, now=noon) == []
        services.experiment_choose(variant=1, **asked)
        services.experiments_decide(now=noon)
        row.refresh_from_db()
        assert (row.state, row.variant) == ("queued", 1)

    def test_the_word_of_a_person_needs_no_variant(self, copied, noon, admin):
        message = ExperimentFactory(message__launched=True).message
        RecipientFactory(message=message, state="awaiting", due_at=noon)
        services.sending_restore_here(by=admin, now=noon)

        services.recipients_settle(
            message=message,
            doubt=Doubt(),
            verdict=Settlement.Verdict.SENT,
            reason="It is in the log.",
            by=admin,
            now=noon,
        )

        assert ledger_problems(message, now=noon) == []

    def test_an_administrator_sees_who_is_due_and_the_captain_is_told(self, row, login, admin):
        client = login(admin)
        assert "1 person is due" in client.get(HERE).text

        page = client.post(HERE, {"since": "unknown"}, follow=True)

        assert "1 person is unknown" in page.text
        told = Notification.objects.get(user=row.message.campaign.captain)
        assert "brought back from a copy" in told.text
        assert AuditEvent.objects.get(action="message.doubted").details == {"recipients": 1}

    def test_where_it_may_send_already_nobody_is_doubted(self, noon, admin):
        row = RecipientFactory()
        homes.settle_in(now=noon)

        with pytest.raises(services.MoveRefused, match="may send already"):
            services.sending_restore_here(by=admin, now=noon)

        row.refresh_from_db()
        assert row.state == "queued"


def test_where_it_may_send_already_there_is_nothing_to_say(noon, login, admin):
    homes.settle_in(now=noon)

    page = login(admin).post(HERE, {"since": "nothing"}, follow=True)

    assert "may send already" in page.text
    assert not AuditEvent.objects.filter(action="sendingpolicy.moved").exists()


def test_others_may_not(copied, login, lead):
    login(lead).post(HERE, {"since": "nothing"})

    assert homes.is_copy()
