"""`ledger_problems` finds every fault that is planted, and none where there is none."""

from datetime import timedelta

import pytest
from django.db import connection

from apps.messaging.models import Message
from apps.messaging.selectors import ledger_problems
from apps.messaging.services import partitions_ensure
from apps.messaging.tokens import Purpose, token_make
from tests.factories.messaging import MessageFactory, RecipientFactory

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def mail_id(row):
    return f"{token_make(Purpose.MAIL, row.pk)}@shop.example"


@pytest.fixture
def message(noon):
    """A finished message: two sent, one unknown, one refused, one left out."""
    partitions_ensure(now=noon)
    message = MessageFactory(launched=True)
    for state in ("sent", "sent", "unknown", "failed"):
        row = RecipientFactory(message=message, state=state, finished_at=noon)
        row.mail_id = mail_id(row)
        row.save()
    RecipientFactory(message=message, state="excluded", reason="suppressed")
    Message.objects.filter(pk=message.pk).update(state="finished", finished_at=noon)
    message.refresh_from_db()
    return message


@pytest.fixture
def record(message):
    """What the mail server took: the sent ones, and the one of which nobody knew."""
    rows = message.recipients.filter(state__in=["sent", "unknown"])
    return [mail_id(row) for row in rows]


def test_a_true_ledger_has_no_problems(message, record, noon):
    assert ledger_problems(message, now=noon) == []
    assert ledger_problems(message, now=noon, record=record) == []


def test_mail_of_other_messages_and_tests_in_the_record_is_nobodys_problem(message, record, noon):
    others = [mail_id(RecipientFactory(state="queued")), "test-abc@shop.example", "x@other.example"]

    assert ledger_problems(message, now=noon, record=[*record, *others]) == []


SENT = "(SELECT min(id) FROM messaging_recipient WHERE state = 'sent')"
EXCLUDED = "(SELECT id FROM messaging_recipient WHERE state = 'excluded')"
EVENT = """
    INSERT INTO messaging_deliveryevent (recipient_id, message_id, contact_id, kind, at, machine_reason)
    SELECT {recipient}, r.message_id, r.contact_id, 'opened', '2030-03-01T12:00Z', ''
    FROM messaging_recipient AS r WHERE r.id = {row}
"""
PLANTED = {
    "1 contacts have more than one row for the same occurrence.": """
        ALTER TABLE messaging_recipient DROP CONSTRAINT messaging_recipient_once;
        INSERT INTO messaging_recipient (message_id, contact_id, address, state, due_at, finished_at)
        SELECT message_id, contact_id, address, 'failed', due_at, finished_at
        FROM messaging_recipient WHERE state = 'failed'
    """,
    "1 rows count as sent, but have no Message-ID or no time.": f"""
        UPDATE messaging_recipient SET mail_id = '' WHERE id = {SENT}
    """,
    "1 Message-IDs stand on more than one row.": """
        UPDATE messaging_recipient SET mail_id = 'one@shop.example' WHERE state = 'sent'
    """,
    "1 rows have not left, or were left out, and yet have a Message-ID.": """
        UPDATE messaging_recipient SET mail_id = 'one@shop.example' WHERE state = 'excluded'
    """,
    "1 rows are at their end without a time, or have a time before their end.": """
        UPDATE messaging_recipient SET finished_at = NULL WHERE state = 'failed'
    """,
    "1 rows are with a worker that did not come back, and nobody has taken them back.": """
        UPDATE messaging_message SET state = 'running', finished_at = NULL;
        UPDATE messaging_recipient SET state = 'sending', finished_at = NULL,
            lease_token = gen_random_uuid(), leased_until = '2030-03-01T11:00Z' WHERE state = 'failed'
    """,
    "1 opens, clicks or unsubscribes belong to people to whom nothing was handed over.": EVENT.format(
        recipient="r.id", row=EXCLUDED
    ),
    "1 events name a recipient that this message has not.": EVENT.format(recipient="0", row=SENT),
    "The message is at its end, but 1 recipients are not.": """
        UPDATE messaging_recipient SET state = 'queued', mail_id = '', finished_at = NULL
        WHERE state = 'failed'
    """,
}


@pytest.mark.parametrize("sentence", PLANTED)
def test_a_planted_fault_is_found_and_told_alone(message, noon, sentence):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(PLANTED[sentence])
    message.refresh_from_db()

    assert ledger_problems(message, now=noon) == [sentence]


class TestRecord:
    def test_who_got_it_twice(self, message, record, noon):
        told = ledger_problems(message, now=noon, record=[*record, record[0]])

        assert told == ["1 recipients got it more than once."]

    def test_who_counts_as_sent_and_has_nothing(self, message, record, noon):
        unknown = mail_id(message.recipients.get(state="unknown"))

        told = ledger_problems(message, now=noon, record=[unknown])

        assert told == ["2 recipients count as sent, and the mail server has nothing for them."]

    @pytest.mark.parametrize("state", ["failed", "excluded"])
    def test_who_got_it_though_nothing_was_sent(self, message, record, noon, state):
        stray = mail_id(message.recipients.get(state=state))

        told = ledger_problems(message, now=noon, record=[*record, stray])

        assert told == ["The mail server has mail for 1 recipients to whom nothing was sent."]
