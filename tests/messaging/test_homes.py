"""A copy of the database that sends is switched off by itself, until somebody says that it is the one now."""

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import User
from apps.collaboration.models import AuditEvent
from apps.messaging import homes, services
from apps.messaging.models import Recipient, SendingHome
from apps.messaging.watch import sending_check
from tests.factories.accounts import UserFactory
from tests.factories.contacts import ContactFactory
from tests.factories.messaging import MessageFactory, RecipientFactory

pytestmark = pytest.mark.django_db


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


def test_an_administrator_lets_it_send(copied, login, admin, noon, mail_server):
    RecipientFactory()
    client = login(admin)
    assert b"This is a copy" in client.get("/settings/sending-rules/").content

    client.post("/settings/sending-rules/here/")
    services.messages_send(now=noon)

    assert len(mail_server.taken) == 1
    assert AuditEvent.objects.get(action="sendingpolicy.moved").by == admin
    assert b"This is a copy" not in client.get("/settings/sending-rules/").content


def test_where_it_may_send_already_there_is_nothing_to_say(noon, admin):
    homes.settle_in(now=noon)

    with pytest.raises(services.PolicyInvalid, match="may send already"):
        services.sending_move_here(by=admin, now=noon)
    assert not AuditEvent.objects.exists()


def test_others_may_not(copied, login, lead):
    login(lead).post("/settings/sending-rules/here/")

    assert homes.is_copy()
