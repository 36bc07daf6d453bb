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
from config.mailcatcher import KEPT
from tests.factories.messaging import MessageFactory, RecipientFactory
from tests.mail import EVERYONE, ScriptedServer

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
        server.on("dot", EVERYONE, KEPT)
        settings.EMAIL_URL = server.url
        messaging.messages_send(now=clock.now())
        keep(catcher, *(taken.mail_id for taken in server.taken))
    # So that nothing is news after it, which would be counted before it is compared.
    services.results_refresh(campaign=message.campaign, now=clock.now() + timedelta(hours=1))
    return message


def keep(folder, *mail_ids):
    folder.mkdir(exist_ok=True)
    with (folder / "index.jsonl").open("a") as index:
        for mail_id in mail_ids:
            line = {"at": "2030-03-01T12:00:00+00:00", "from": "", "to": [], "subject": ""}
            line |= {"message_id": f"<{mail_id}>", "size": 1, "path": "x"}
            index.write(json.dumps(line) + "\n")


def verify(message):
    said = StringIO()
    call_command("verify_ledger", str(message.pk), stdout=said)
    return said.getvalue().split("\n")


def test_what_is_true_is_said_to_be_true(message, catcher):
    assert [line.split() for line in verify(message)] == [
        ["Sent", "3"],
        ["Audience", "3"],
        f"Compared with the mail catcher in {catcher}: 3 that a catcher took.".split(),
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
        "Not compared with a mail server: EMAIL_URL is set, and no mail catcher keeps a record.",
        "The ledger is true.",
    ]


def test_what_another_server_took_is_not_looked_for_in_the_catcher(message, settings, tmp_path):
    settings.MAILBOX_DIR = tmp_path / "of-another-shell"
    row = message.recipients.first()
    with pytest.raises(CommandError, match="3 recipients count as sent, and the mail server has nothing"):
        verify(message)

    message.recipients.update(answer="250 2.0.0 Ok: queued as 4711")

    told = "Not compared: 3 that something else than a mail catcher took, of which there is no record here."
    assert verify(message)[-3] == told
    keep(tmp_path / "of-another-shell", row.mail_id)
    keep(tmp_path / "of-another-shell", row.mail_id)
    with pytest.raises(CommandError, match=r"^1 recipients got it more than once\.$"):
        verify(message)


def test_who_was_erased_since_is_not_said_to_have_gone_elsewhere(message):
    row = message.recipients.first()
    message.recipients.filter(pk=row.pk).update(answer="", address="")

    told = "Not compared: 1 whose row says no more who took it: they were erased."
    assert verify(message)[-3] == told


@pytest.mark.parametrize("launched", [True, False])
def test_no_such_message(launched):
    draft = MessageFactory()

    with pytest.raises(CommandError, match="There is no message"):
        call_command("verify_ledger", str(draft.pk + 1 if launched else draft.pk))
