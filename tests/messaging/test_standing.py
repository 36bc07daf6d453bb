"""The largest ledgers are counted by a worker; a page shows what held at that moment, all of it."""

from datetime import timedelta

import pytest

from apps.messaging import services
from apps.messaging.models import DeliveryEvent, LedgerTally, Message
from apps.messaging.selectors import Standing
from apps.messaging.services import standing
from tests.factories.contacts import ContactFactory
from tests.factories.messaging import MessageFactory, RecipientFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def message(noon):
    services.partitions_ensure(now=noon)
    message = MessageFactory(launched=True)
    row = RecipientFactory(message=message, state="sent", finished_at=noon)
    RecipientFactory(message=message, state="failed", finished_at=noon, answer="550 no", is_retryable=True)
    RecipientFactory(message=message, state="excluded", reason="suppressed")
    for machine in ("", "scanner"):
        DeliveryEvent.objects.create(
            recipient=row,
            message=message,
            contact=row.contact,
            kind="opened",
            at=noon,
            machine_reason=machine,
        )
    return message


def shown(message):
    now = Standing.of(message)
    return now.ledger, now.errors, now.failures, now.reactions


def test_what_is_kept_is_what_would_be_counted(message, noon):
    counted = shown(message)
    standing.tally_refresh(message, now=noon)

    assert Standing.of(message).counted_at == noon
    assert shown(message) == counted


def test_the_states_still_sum_to_the_audience_when_rows_have_moved_since(message, noon):
    standing.tally_refresh(message, now=noon)
    RecipientFactory(message=message)

    kept = Standing.of(message).ledger
    assert (kept.audience, sum(kept.states.values())) == (3, 3)

    services.tallies_refresh(now=noon + standing.OPEN_EVERY)
    assert Standing.of(message).ledger.audience == 4


@pytest.mark.parametrize(("least", "kept"), [(2, 1), (3, 0)])
def test_only_large_messages_are_counted_ahead(noon, lead, monkeypatch, least, kept):
    monkeypatch.setattr(standing, "LARGE", least)
    ContactFactory.create_batch(2)

    services.message_launch(message=MessageFactory(), by=lead, now=noon)

    assert LedgerTally.objects.count() == kept


def test_what_has_ended_is_counted_once_more_and_then_seldom(message, noon):
    standing.tally_refresh(message, now=noon)
    ended = noon + timedelta(seconds=10)
    Message.objects.filter(pk=message.pk).update(state="finished", finished_at=ended, updated_at=ended)

    after = [timedelta(seconds=5), timedelta(seconds=20), standing.ENDED_EVERY * 2, standing.ENDED_SPAN * 2]
    assert [services.tallies_refresh(now=ended + wait) for wait in after] == [1, 0, 1, 0]


def test_a_page_says_when_it_was_counted(login, lead, message, noon):
    standing.tally_refresh(message, now=noon)

    assert b"Counted at" in login(lead).get(f"/messages/{message.pk}/").content
