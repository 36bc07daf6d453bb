"""The command `verify_ledger`: the ledger, its roll-ups, and the record of the mail catcher."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.core import clock
from apps.messaging import services as messaging
from apps.reporting import services
from apps.reporting.models import MessageResult
from tests.factories.messaging import MessageFactory, RecipientFactory
from tests.mail import ScriptedServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def catcher(settings, tmp_path):
    """A folder as the mail catcher keeps it."""
    settings.MAILBOX_DIR = tmp_path
    return tmp_path


@pytest.fixture
def message(catcher, settings):
    """A message that was sent to three, whom the catcher has."""
    message = MessageFactory(launched=True)
    RecipientFactory.create_batch(3, message=message)
    with ScriptedServer() as server:
        settings.EMAIL_URL = server.url
        messaging.messages_send(now=clock.now())
        keep(catcher, *(taken.mail_id for taken in server.taken))
    # So that nothing is news after it, which would be counted before it is compared.
    services.results_refresh(campaign=message.campaign, now=clock.now() + timedelta(hours=1))
    return message


def keep(folder, *mail_ids):
    with (folder / "index.jsonl").open("a") as index:
        for mail_id in mail_ids:
            line = {"at": "2030-03-01T12:00:00+00:00", "from": "", "to": [], "subject": ""}
            line |= {"message_id": f"<{mail_id}>", "size": 1, "path": "x"}
            index.write(json.dumps(line) + "\n")


def verify(message):
    said = StringIO()
    call_command("verify_ledger", str(message.pk), stdout=said)
    return said.getvalue().split("\n")


def test_what_is_true_is_said_to_be_true(message):
    assert [line.split() for line in verify(message)] == [
        ["Sent", "3"],
        ["Audience", "3"],
        ["The", "ledger", "is", "true."],
        [],
    ]


def test_a_mail_that_the_catcher_has_twice_is_told(message, catcher):
    keep(catcher, message.recipients.first().mail_id)

    with pytest.raises(CommandError, match=r"^1 recipients got it more than once\.$"):
        verify(message)


def test_a_roll_up_that_differs_from_its_rows_is_told_and_left(message):
    MessageResult.objects.update(opened=1)

    with pytest.raises(CommandError, match=rf"^message {message.pk} opened: kept 1, counted 0$"):
        verify(message)
    assert MessageResult.objects.get().opened == 1


def test_without_a_record_it_says_so(message, settings):
    settings.MAILBOX_DIR = None

    assert verify(message)[-3:-1] == [
        "There is no record of the mail server to compare with.",
        "The ledger is true.",
    ]


@pytest.mark.parametrize("launched", [True, False])
def test_no_such_message(launched):
    draft = MessageFactory()

    with pytest.raises(CommandError, match="There is no message"):
        call_command("verify_ledger", str(draft.pk + 1 if launched else draft.pk))
