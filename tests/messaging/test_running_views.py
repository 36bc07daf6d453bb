"""The pages of a message that was launched, and of its recipients."""

from datetime import timedelta
from http import HTTPStatus
from uuid import uuid4

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import User
from apps.core import clock
from apps.messaging.models import Message, Provider, Recipient
from apps.messaging.services.standing import tally_refresh
from tests.factories.accounts import UserFactory
from tests.factories.messaging import MessageFactory, ProviderFactory, RecipientFactory

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
Role = User.Role


def url(name, *args):
    return reverse(f"messaging:{name}", args=args)


def notes(response):
    return [str(note) for note in get_messages(response.wsgi_request)]


class TestMessageList:
    def test_shows_a_page_to_a_browser_and_a_fragment_to_htmx(self, login, lead):
        MessageFactory(name="Spring")
        client = login(lead)

        page, fragment = client.get(url("list")), client.get(url("list"), headers=HTMX)

        assert (b"<html" in page.content, b"<html" in fragment.content) == (True, False)
        for response in (page, fragment):
            assert b"Spring" in response.content
            assert "HX-Request" in response.headers["Vary"]

    def test_leaves_out_what_one_may_not_know(self, login, owner):
        MessageFactory(name="Hidden")
        MessageFactory(name="Own", campaign__channel__owner=owner)

        page = login(owner).get(url("list")).content

        assert (b"Own" in page, b"Hidden" in page) == (True, False)

    def test_costs_the_same_for_one_and_for_twenty(self, login, lead, django_assert_num_queries):
        MessageFactory.create_batch(20)
        client = login(lead)

        with django_assert_num_queries(3):  # session, user, messages with what is shown of them
            client.get(url("list"), headers=HTMX)


class TestDelays:
    def test_says_who_asks_to_come_back_and_until_when(self, login, lead):
        message = MessageFactory(launched=True, sender__provider=ProviderFactory(name="Post"))
        put_off = {"state": "planned", "attempts": 1, "answer": "451 4.7.1 come back"}
        soon = clock.now() + timedelta(minutes=10)
        rows = RecipientFactory.create_batch(2, message=message, due_at=soon, **put_off)
        RecipientFactory(message=message)
        Provider.objects.update(waits_until=soon)
        client = login(lead)

        response = client.get(url("detail", message.pk))
        page = response.content.decode()
        told = client.get(url("recipient", rows[0].pk)).content.decode()
        in_line = client.get(url("recipient", message.recipients.get(state="queued").pk)).content.decode()

        assert "“Post” asks to wait" in page
        assert "2 people wait, for the server said: not now." in page
        assert response.context["pace"].left is None
        assert "451 4.7.1 come back · tried again" in told
        assert "“Post” asks to wait until" in in_line

    def test_says_that_the_server_is_out_of_reach_before_it_is_paused(self, login, lead):
        row = RecipientFactory(message__connections_failed=3)
        soon = clock.now() + timedelta(minutes=10)
        put_off = {"state": "planned", "attempts": 1, "answer": "451 come back", "due_at": soon}
        RecipientFactory(message=row.message, **put_off)

        response = login(lead).get(url("detail", row.message_id))

        assert "could not be reached 3 times in a row" in response.content.decode()
        assert response.context["pace"].left > timedelta(minutes=9)

    def test_of_a_large_ledger_as_it_was_counted_and_without_words_for_who_sees_no_people(self, login):
        row = RecipientFactory(state="planned", attempts=1, answer="451 box of ann@example.com is busy")
        message = row.message
        tally_refresh(message, now=clock.now())

        page = login(UserFactory(role=Role.EXECUTIVE)).get(url("detail", message.pk)).content.decode()

        assert "1 person waits, for the server said: not now." in page
        assert "ann@example.com" not in page


class TestRunning:
    def test_says_what_every_state_means_outside_of_what_is_swapped(self, login, lead):
        message = RecipientFactory().message
        client = login(lead)

        page = client.get(url("detail", message.pk)).content.decode()
        words = page.partition('id="message-words"')[2]

        assert {state.label for state in Recipient.State if f"<dt>{state.label}</dt>" not in words} == set()
        assert b"message-words" not in client.get(url("detail", message.pk), headers=HTMX).content

    def failed(self, answer, *, message=None, **more):
        message = message or MessageFactory(launched=True)
        return RecipientFactory(message=message, state="failed", answer=answer, **more)

    def test_shows_a_page_to_a_browser_and_a_fragment_to_htmx(self, login, lead):
        message = RecipientFactory().message
        client = login(lead)

        page = client.get(url("detail", message.pk))
        fragment = client.get(url("detail", message.pk), headers=HTMX)

        assert (b"<html" in page.content, b"<html" in fragment.content) == (True, False)
        for response in (page, fragment):
            assert b'id="message-panel"' in response.content
            assert "HX-Request" in response.headers["Vary"]

    @pytest.mark.parametrize(("is_tracked", "times"), [(True, 0), (False, 2)])
    def test_what_is_not_tracked_is_not_counted_instead_of_nought(self, login, lead, is_tracked, times):
        message = MessageFactory(launched=True, is_tracked=is_tracked)

        page = login(lead).get(url("detail", message.pk)).content.decode()

        assert page.count("not counted") == times

    def test_asks_again_only_while_something_moves(self, login, lead):
        running, paused = (RecipientFactory(message__state=s).message for s in ("running", "paused"))

        asks = [b"every 2s" in login(lead).get(url("detail", one.pk)).content for one in (running, paused)]

        assert asks == [True, False]

    def test_a_paused_one_asks_again_while_a_worker_still_has_somebody(self, login, lead):
        row = RecipientFactory(
            message__state="paused", state="sending", lease_token=uuid4(), leased_until=clock.now()
        )

        page = login(lead).get(url("detail", row.message_id)).content

        assert b"every 2s" in page

    def test_what_servers_say_is_for_those_who_may_see_people(self, login, lead, owner):
        message = MessageFactory(launched=True, campaign__channel__owner=owner)
        self.failed("550 <ann@example.com> is not here", message=message)
        self.failed("550 <bob@example.com> is not here", message=message)
        self.failed("451 later", message=message, is_retryable=True)
        RecipientFactory(message=message, state="unknown", answer="silence")

        told, counted = (login(who).get(url("detail", message.pk)).content.decode() for who in (lead, owner))

        assert "550 &lt;ann@example.com&gt; is not here" in told
        for part in ("ann@example.com", "bob@example.com", "451 later", "silence"):
            assert part not in counted
        assert "What went wrong" in counted
        assert "Retry 1 failed" in counted

    @pytest.mark.parametrize(
        ("kept", "posted"),
        [
            ("550 no such person", "550 no such person"),
            (
                "550 no such person\nsee https://mail.example/why",
                "550 no such person\r\nsee https://mail.example/why",
            ),
            ("550 " + "x\n" * 248, "550 " + "x\r\n" * 248),
        ],
        ids=["one-line", "two-lines", "as-long-as-can-be"],
    )
    def test_retries_those_whom_the_server_told_the_same(self, login, lead, kept, posted):
        """Browsers end the lines of everything that they send in CRLF."""
        chosen = self.failed(kept)
        other = self.failed("550 another", message=chosen.message)
        later = self.failed("451 later", message=chosen.message, is_retryable=True)

        response = login(lead).post(url("retry", chosen.message.pk), {"answer": posted}, follow=True)

        assert notes(response) == ["1 recipient is tried again."]
        found = {row.pk: row.state for row in Recipient.objects.all()}
        assert found == {chosen.pk: "queued", other.pk: "failed", later.pk: "failed"}

    def test_an_answer_that_no_server_gave_retries_nobody(self, login, lead):
        later = self.failed("451 later", is_retryable=True)

        response = login(lead).post(url("retry", later.message.pk), {"answer": "x" * 501}, follow=True)

        assert notes(response) == ["No server said this to anybody."]
        assert Recipient.objects.get().state == "failed"

    def test_a_refusal_is_told(self, login, lead):
        message = RecipientFactory(message__state="paused").message

        response = login(lead).post(url("pause", message.pk), follow=True)

        assert notes(response) == ["Only a running message can be paused; this one is “Paused”."]

    @pytest.mark.parametrize("act", ["pause", "resume", "cancel", "retry"])
    def test_is_not_steered_by_those_who_only_look(self, login, act):
        message = RecipientFactory(message__state="paused" if act == "resume" else "running").message
        before = Message.objects.values().get()

        response = login(UserFactory(role=Role.MARKETER)).post(url(act, message.pk))

        assert response.status_code == HTTPStatus.FORBIDDEN
        assert Message.objects.values().get() == before

    def test_costs_the_same_for_one_recipient_and_for_twenty(self, login, lead, django_assert_num_queries):
        message = MessageFactory(launched=True)
        client = login(lead)

        def queries():
            with CaptureQueriesContext(connection) as asked:
                client.get(url("detail", message.pk), headers=HTMX)
            return len(asked)

        self.failed("550 no", message=message)
        for_one = queries()
        for number in range(20):
            self.failed(f"550 no {number}", message=message)

        assert queries() == for_one


class TestRecipients:
    def test_shows_a_page_to_a_browser_and_a_fragment_to_htmx(self, login, lead):
        recipient = RecipientFactory()
        client = login(lead)

        page = client.get(url("people", recipient.message.pk))
        fragment = client.get(url("people", recipient.message.pk), headers=HTMX)

        assert (b"<html" in page.content, b"<html" in fragment.content) == (True, False)
        for response in (page, fragment):
            assert recipient.address.encode() in response.content

    def test_is_unknown_to_those_who_may_not_see_people(self, login, owner):
        recipient = RecipientFactory(message__campaign__channel__owner=owner)

        for page in (url("people", recipient.message.pk), url("recipient", recipient.pk)):
            assert login(owner).get(page).status_code == HTTPStatus.NOT_FOUND

    def test_costs_the_same_for_one_and_for_twenty(self, login, lead, django_assert_num_queries):
        message = MessageFactory(launched=True)
        RecipientFactory.create_batch(20, message=message)
        client = login(lead)

        with django_assert_num_queries(7):  # session, user, message, recipients; limits, warm-ups, tallies
            client.get(url("people", message.pk), headers=HTMX)
