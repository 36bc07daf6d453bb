"""A challenge of the campaign: every way in which one of its messages could start."""

from datetime import timedelta

import pytest
from django.urls import reverse

from apps.campaigns import services as campaigns
from apps.campaigns.errors import HeldByChallenge
from apps.campaigns.selectors import offers
from apps.messaging import held, ledger, services
from apps.messaging.models import Message
from tests.factories.campaigns import ChallengeFactory, TaskFactory
from tests.factories.contacts import ContactFactory
from tests.factories.messaging import MessageFactory, RecipientFactory

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def challenged(message):
    """Return a message after something else in its campaign has been challenged."""
    return ChallengeFactory(campaign=message.campaign, thing=TaskFactory(campaign=message.campaign))


def challenge_raise(campaign, thing, lead, noon):
    return campaigns.challenge_raise(campaign=campaign, thing=thing, question="Why?", by=lead, now=noon)


class TestAnOpenChallenge:
    @pytest.mark.parametrize("after", [None, HOUR])
    def test_holds_a_launch_now_or_for_later(self, noon, lead, after):
        message = MessageFactory()
        ContactFactory()
        challenge = challenged(message)

        with pytest.raises(HeldByChallenge, match="Who says that readers want this") as refusal:
            services.message_launch(message=message, by=lead, now=noon, send_at=after and noon + after)

        assert refusal.value.url == reverse("campaigns:challenge", args=[challenge.pk])
        assert Message.objects.get().is_draft
        assert not message.recipients.exists()

    def test_holds_a_resume(self, noon, lead):
        message = MessageFactory(launched=True, state="paused")
        challenged(message)

        with pytest.raises(HeldByChallenge):
            services.message_resume(message=message, by=lead, now=noon)

        assert Message.objects.get().state == "paused"

    def test_holds_another_try_of_a_finished_message(self, noon, lead):
        message = MessageFactory(launched=True, state="finished", finished_at=noon)
        RecipientFactory(message=message, state="failed", is_retryable=True, finished_at=noon)
        challenged(message)

        with pytest.raises(HeldByChallenge):
            services.message_retry_failed(message=message, by=lead, now=noon)

        assert Message.objects.get().state == "finished"

    def test_holds_the_api_which_answers_409_with_who_asks_what(self, noon, lead, api):
        message = MessageFactory()
        challenge = challenged(message)

        response = api(lead, "messages:write").post(
            f"/api/v1/messages/{message.pk}/launch/", {}, format="json"
        )

        assert response.status_code == 409
        assert str(challenge.asked_by) in response.json()["detail"]
        assert Message.objects.get().is_draft

    def test_lets_go_once_it_is_resolved(self, noon, lead):
        message = MessageFactory()
        ContactFactory()
        campaigns.challenge_resolve(
            challenge=challenged(message), resolution="accepted", decision="Yes.", by=lead, now=noon
        )

        assert services.message_launch(message=message, by=lead, now=noon).is_running


class TestANewChallenge:
    def test_pauses_what_is_scheduled_so_that_its_hour_starts_nothing(self, noon, lead):
        ContactFactory()
        message = services.message_launch(message=MessageFactory(), by=lead, now=noon, send_at=noon + HOUR)

        challenge_raise(message.campaign, TaskFactory(campaign=message.campaign), lead, noon)
        ledger.queue_due(now=noon + 2 * HOUR)

        message.refresh_from_db()
        assert (message.state, message.pause_reason) == ("paused", f"Held: {lead} asks “Why?”")
        assert ledger.claim(limit=10, now=noon + 2 * HOUR) is None

    def test_lets_go_on_what_has_begun_and_is_not_asked_about(self, noon, lead):
        message = MessageFactory(launched=True, state="running")

        challenge_raise(message.campaign, TaskFactory(campaign=message.campaign), lead, noon)

        assert Message.objects.get().is_running

    @pytest.mark.parametrize("thing", ["message", "channel", "template_version"])
    def test_pauses_what_has_begun_and_is_asked_about(self, noon, lead, thing):
        message = MessageFactory(launched=True, state="running")

        challenge_raise(
            message.campaign, message if thing == "message" else getattr(message, thing), lead, noon
        )

        assert Message.objects.get().state == "paused"

    def test_waits_for_a_launch_that_is_under_way(self, noon, lead, django_assert_num_queries):
        """It locks every unfinished message, drafts too, as the launch does: one of the two comes first."""
        message = MessageFactory()

        with django_assert_num_queries(1) as asked:
            held.messages_stop(campaign=message.campaign, thing=message, by=lead, now=noon, reason="Held")

        assert asked[0]["sql"].endswith('FOR NO KEY UPDATE OF "messaging_message"')


def test_a_campaign_offers_its_messages_and_the_versions_that_they_send(noon):
    message = MessageFactory()

    offered = dict(offers(message.campaign))

    assert [one.label for one in offered["Message"]] == [message.name]
    assert [one.value for one in offered["Asset version"]] == [
        f"content.templateversion:{message.template.current_id}"
    ]


def test_a_held_draft_cannot_be_thrown_away(noon, lead):
    message = MessageFactory()
    ChallengeFactory(campaign=message.campaign, thing=message)

    with pytest.raises(HeldByChallenge):
        services.message_delete(message=message, by=lead, now=noon)

    assert Message.objects.exists()
