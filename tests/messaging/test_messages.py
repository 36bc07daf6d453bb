"""What people do to messages: write, launch, pause, resume, cancel, retry."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connections
from django.test.utils import CaptureQueriesContext

from apps.campaigns import readiness
from apps.campaigns.models import Campaign
from apps.collaboration.models import AuditEvent
from apps.contacts.models import ConsentStatus
from apps.messaging import ledger, services, tasks
from apps.messaging.audience import choice_of, promise
from apps.messaging.models import DeliveryEvent, Link, Message, Recipient
from apps.messaging.selectors import message_ledger
from tests.factories.campaigns import AudienceFactory, CampaignFactory, ChannelFactory
from tests.factories.contacts import ContactFactory, SuppressionFactory
from tests.factories.content import TemplateVersionFactory
from tests.factories.messaging import MessageFactory, RecipientFactory, SenderFactory

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
State = Recipient.State


def acts(message):
    events = AuditEvent.objects.filter(subject=f"messaging.message:{message.pk}")
    return list(events.order_by("pk").values_list("action", flat=True))


class TestMessageLaunch:
    def test_gives_every_contact_a_row_and_every_exclusion_its_reason(self, noon, lead):
        message = MessageFactory()
        reader = ContactFactory()
        ContactFactory(consent=ConsentStatus.UNSUBSCRIBED)
        ContactFactory(consent=False)
        ContactFactory(email="")
        SuppressionFactory(address=ContactFactory().email)

        services.message_launch(message=message, by=lead, now=noon)

        row = message.recipients.get(state=State.QUEUED)
        assert (row.contact, row.address) == (reader, reader.email)
        frozen = message_ledger(message)
        assert frozen.audience == 5
        assert frozen.states[State.EXCLUDED] == 4
        assert {reason.value: n for reason, n in frozen.excluded.items() if n} == {
            "no_consent": 2,
            "no_address": 1,
            "suppressed": 1,
        }

    def test_brings_its_campaign_to_life(self, noon, lead):
        ContactFactory()
        message = MessageFactory()

        services.message_launch(message=message, by=lead, now=noon)

        message.campaign.refresh_from_db()
        assert message.campaign.stage == "live"

    def test_does_what_was_promised(self, noon, lead):
        message = MessageFactory(holdout_percent=30)
        ContactFactory.create_batch(40)
        SuppressionFactory(address=ContactFactory().email)
        promised = promise(choice_of(message), now=noon)

        services.message_launch(message=message, by=lead, now=noon, promised=promised.recipients)

        frozen = message_ledger(message)
        assert frozen.unfinished == promised.recipients
        assert {reason: n for reason, n in frozen.excluded.items() if n} == dict(promised.excluded)
        assert frozen.audience == promised.audience == 41

    def test_takes_who_is_in_a_segment_and_leaves_out_who_is_in_another(self, noon, lead):
        def born_in(country):
            rule = {"attribute": "email", "op": "ends_with", "value": country}
            return AudienceFactory(rule=rule)

        message = MessageFactory(segments=[born_in(".fr"), born_in(".de")])
        message.exclude_segments.set([born_in("lyon.fr")])
        for address in ("a@paris.fr", "b@lyon.fr", "c@bonn.de", "d@rome.it"):
            ContactFactory(email=address)

        services.message_launch(message=message, by=lead, now=noon)

        assert sorted(message.recipients.values_list("address", flat=True)) == ["a@paris.fr", "c@bonn.de"]

    def test_a_row_waits_as_planned_for_a_later_hour(self, noon, lead):
        ContactFactory()

        message = services.message_launch(message=MessageFactory(), by=lead, now=noon, send_at=noon + HOUR)

        assert message.recipients.values_list("state", "due_at").get() == ("planned", noon + HOUR)

    def test_fixes_the_version_and_stores_where_its_links_lead(self, noon, lead):
        ContactFactory()
        draft = MessageFactory()

        message = services.message_launch(message=draft, by=lead, now=noon)

        assert message.template_version == draft.template.versions.get()
        assert list(Link.objects.filter(message=message).values_list("position", "url", "label")) == [
            (1, "https://shop.example/spring?for={{ contact.email }}", "See the spring")
        ]

    def test_says_who_did_it_and_rings_after_the_commit(self, noon, lead, django_capture_on_commit_callbacks):
        ContactFactory()

        with django_capture_on_commit_callbacks() as rung:
            message = services.message_launch(message=MessageFactory(), by=lead, now=noon)

        assert AuditEvent.objects.get(action="message.launched").by == lead
        assert message.launched_by == lead
        assert [ring.__self__ for ring in rung] == [tasks.messages_send]

    @pytest.mark.parametrize(
        ("message", "launch", "refusal"),
        [
            pytest.param({"launched": True}, {}, "“Running” already", id="launched-before"),
            pytest.param({"campaign__stage": "planning"}, {}, "stage “Planning”", id="campaign-not-ready"),
            pytest.param({"segments": False}, {}, "Nobody is chosen", id="no-segment"),
            pytest.param({"template": None}, {}, "No template", id="no-template"),
            pytest.param({"sender": None}, {}, "No sender", id="no-sender"),
            pytest.param({"sender__is_active": False}, {}, "not in use any more", id="sender-put-away"),
            pytest.param({"sender__email": '"a,b"@x.example'}, {}, "not take the address", id="from-unfit"),
            pytest.param(
                {"sender__reply_to": "jörg@x.example"}, {}, "not take the address", id="reply-unfit"
            ),
            pytest.param({}, {"send_at": -HOUR}, "time in the future", id="hour-has-passed"),
            pytest.param({"not_after": HOUR}, {"send_at": 2 * HOUR}, "Not after", id="expires-first"),
            pytest.param({"segments": "nobody"}, {}, "Nobody in the audience", id="nobody-to-write-to"),
            pytest.param({}, {"promised": 2}, "1 person would get it, not 2", id="not-as-promised"),
        ],
    )
    def test_refuses_and_leaves_everything_as_it_was(self, noon, lead, message, launch, refusal):
        if message.get("segments") == "nobody":
            rule = {"attribute": "email", "op": "eq", "value": "nobody@example.com"}
            message = {"segments": [AudienceFactory(rule=rule)]}
        if "not_after" in message:
            message = {"not_after": noon + message["not_after"]}
        if "send_at" in launch:
            launch = {"send_at": noon + launch["send_at"]}
        draft = MessageFactory(**message)
        ContactFactory()
        before = Message.objects.values().get()

        with pytest.raises(services.MessageNotLaunchable, match=refusal):
            services.message_launch(message=draft, by=lead, now=noon, **launch)

        assert Message.objects.values().get() == before
        assert not Recipient.objects.exists()
        assert not Link.objects.exists()
        assert not AuditEvent.objects.exists()

    def test_refuses_an_hour_that_no_calendar_reckons_with(self, noon, lead):
        draft = MessageFactory()

        with pytest.raises(services.MessageRefused, match="Choose a day between"):
            services.message_launch(message=draft, by=lead, now=noon, send_at=noon.replace(year=9999))

        assert Message.objects.get().is_draft

    def test_is_refused_while_sending_is_switched_off(self, noon, lead, settings):
        settings.SENDING_ENABLED = False
        ContactFactory()

        with pytest.raises(services.MessageNotLaunchable, match="switched off"):
            services.message_launch(message=MessageFactory(), by=lead, now=noon)

    def test_an_unfinished_draft_beside_it_is_not_in_the_way(self, noon, lead):
        ContactFactory()
        message = MessageFactory()
        MessageFactory(campaign=message.campaign, template=None)

        services.message_launch(message=message, by=lead, now=noon)

        message.refresh_from_db()
        assert message.is_running

    def test_sends_the_version_that_was_looked_at_and_no_newer_one(self, noon, lead, monkeypatch):
        """Readiness is asked after the lint: what is saved then was never looked at."""
        ContactFactory()
        message = MessageFactory()
        looked_at = message.template.current
        ask = readiness.problems

        def somebody_saves(*args, **kwargs):
            TemplateVersionFactory(template=message.template, number=2, mjml="<mjml><mj-body /></mjml>")
            return ask(*args, **kwargs)

        monkeypatch.setattr(readiness, "problems", somebody_saves)

        launched = services.message_launch(message=message, by=lead, now=noon)

        assert launched.template_version == looked_at

    @pytest.mark.django_db(transaction=True)
    def test_nobody_saves_the_template_while_it_is_looked_at(self, noon, lead, monkeypatch):
        ContactFactory()
        message = MessageFactory()
        ask, refused = readiness.problems, []

        def somebody_tries(*args, **kwargs):
            with closing(connections.create_connection("default")) as other, other.cursor() as cursor:
                try:
                    cursor.execute("SELECT FROM content_template FOR NO KEY UPDATE NOWAIT")
                except OperationalError as locked:
                    refused.append(str(locked))
            return ask(*args, **kwargs)

        monkeypatch.setattr(readiness, "problems", somebody_tries)
        services.message_launch(message=message, by=lead, now=noon)

        assert len(refused) == 1
        assert "could not obtain lock" in refused[0]

    def test_makes_room_for_the_delivery_events_of_this_month_and_the_next(self, noon, lead):
        ContactFactory()
        message = services.message_launch(message=MessageFactory(), by=lead, now=noon)
        recipient = message.recipients.get()

        for moment in (noon, noon + timedelta(days=31)):
            DeliveryEvent.objects.create(
                recipient=recipient, message=message, contact=recipient.contact, kind="opened", at=moment
            )


class TestHoldout:
    def held_out(self, message):
        return set(message.recipients.filter(reason="holdout").values_list("contact_id", flat=True))

    def test_is_drawn_among_those_who_would_get_it(self, noon, lead):
        ContactFactory.create_batch(200)
        suppressed = ContactFactory()
        SuppressionFactory(address=suppressed.email)
        message = MessageFactory(holdout_percent=50)

        services.message_launch(message=message, by=lead, now=noon)

        assert 70 <= len(self.held_out(message)) <= 130  # 4 standard deviations of 200 coins are 28
        assert message.recipients.get(contact=suppressed).reason == "suppressed"

    def test_is_the_same_however_often_it_is_asked_and_another_for_each_message(self, noon):
        ContactFactory.create_batch(100)
        first, second = MessageFactory.create_batch(2, holdout_percent=50)

        promises = [promise(choice_of(first), now=noon).counts for _ask in range(2)]
        assert promises[0] == promises[1]

        groups = []
        for message in (first, second):
            ledger.freeze(message, now=noon)
            groups.append(self.held_out(message))
        overlap = len(groups[0] & groups[1]) / max(1, len(groups[0]))
        assert groups[0] != groups[1]
        assert 0.2 < overlap < 0.8

    def test_nobody_is_held_out_at_zero_percent(self, noon):
        ContactFactory.create_batch(50)

        assert promise(choice_of(MessageFactory()), now=noon).counts == {"": 50}


class TestMessageCreate:
    def test_starts_a_draft_in_the_channel(self, noon, lead):
        channel = CampaignFactory().channels.get()
        segment = AudienceFactory()

        message = services.message_create(
            channel=channel, fields={"name": "First", "segments": [segment]}, by=lead, now=noon
        )

        assert (message.campaign, message.channel, message.state) == (channel.campaign, channel, "draft")
        assert list(message.segments.all()) == [segment]
        assert acts(message) == ["message.created"]

    def test_is_refused_in_a_channel_that_is_not_e_mail(self, noon, lead):
        channel = ChannelFactory(kind="social")

        with pytest.raises(services.MessageRefused, match="this channel is “Social”"):
            services.message_create(channel=channel, fields={"name": "First"}, by=lead, now=noon)


class TestMessageUpdate:
    def test_changes_what_is_given_and_leaves_the_rest(self, noon, lead):
        message = MessageFactory(name="Old", topic="news")
        sender = SenderFactory()

        services.message_update(message=message, fields={"name": "New", "sender": sender}, by=lead, now=noon)

        message.refresh_from_db()
        assert (message.name, message.sender, message.topic) == ("New", sender, "news")
        assert message.segments.count() == 1

    def test_is_refused_after_the_launch(self, noon, lead):
        message = MessageFactory(launched=True)

        with pytest.raises(services.MessageRefused, match="cannot be changed"):
            services.message_update(message=message, fields={"name": "New"}, by=lead, now=noon)

    @pytest.mark.parametrize(
        ("hours", "field"),
        [
            pytest.param({"scheduled_at": datetime(9999, 12, 31, tzinfo=UTC)}, "scheduled_at", id="far"),
            pytest.param({"not_after": datetime(202, 1, 1, tzinfo=UTC)}, "not_after", id="long-past"),
            pytest.param({"not_after": datetime(2030, 3, 1, 8, tzinfo=UTC)}, "not_after", id="ends-first"),
        ],
    )
    def test_hours_that_cannot_be_are_refused_by_their_field(self, noon, lead, hours, field):
        message = MessageFactory(scheduled_at=datetime(2030, 3, 1, 9, tzinfo=UTC))

        with pytest.raises(services.MessageRefused) as refusal:
            services.message_update(message=message, fields={"name": "New", **hours}, by=lead, now=noon)

        assert refusal.value.field == field
        kept = Message.objects.get()
        assert (kept.name, kept.not_after) == (message.name, None)


class TestMessageDelete:
    def test_throws_a_draft_away_and_says_so(self, noon, lead):
        message = MessageFactory()

        services.message_delete(message=message, by=lead, now=noon)

        assert not Message.objects.exists()
        assert AuditEvent.objects.get().action == "message.deleted"

    def test_never_a_launched_one(self, noon, lead):
        message = RecipientFactory().message

        with pytest.raises(services.MessageRefused, match="stays on record"):
            services.message_delete(message=message, by=lead, now=noon)


class TestPauseAndResume:
    def test_a_running_message_is_held_and_goes_on(self, noon, lead):
        message = MessageFactory(launched=True, recent_answers=60, recent_refusals=30, connections_failed=4)

        services.message_pause(message=message, by=lead, now=noon, reason="Wrong picture")
        message.refresh_from_db()
        assert (message.state, message.pause_reason) == ("paused", "Wrong picture")

        services.message_resume(message=message, by=lead, now=noon)
        message.refresh_from_db()
        assert (message.state, message.pause_reason) == ("running", "")
        assert (message.recent_answers, message.recent_refusals, message.connections_failed) == (0, 0, 0)
        assert acts(message) == ["message.paused", "message.resumed"]

    @pytest.mark.parametrize("state", ["draft", "paused", "finished", "cancelled"])
    def test_only_a_running_message_can_be_paused(self, noon, lead, state):
        message = MessageFactory(**in_state(state, noon))

        with pytest.raises(services.MessageRefused, match="Only a running message"):
            services.message_pause(message=message, by=lead, now=noon)
        assert acts(message) == []

    @pytest.mark.parametrize("state", ["draft", "running", "finished", "cancelled"])
    def test_only_a_paused_message_can_go_on(self, noon, lead, state):
        message = MessageFactory(**in_state(state, noon))

        with pytest.raises(services.MessageRefused, match="Only a paused message"):
            services.message_resume(message=message, by=lead, now=noon)
        assert acts(message) == []


def in_state(state, noon):
    if state == "draft":
        return {}
    return {"launched": True, "state": state, "finished_at": noon if state == "finished" else None}


class TestMessageCancel:
    @pytest.mark.parametrize("state", ["running", "paused"])
    def test_closes_what_has_not_left_and_the_message_ends(self, noon, lead, state):
        message = MessageFactory(launched=True, state=state)
        RecipientFactory(message=message, state="sent")
        RecipientFactory.create_batch(2, message=message, state="queued")

        services.message_cancel(message=message, by=lead, now=noon)
        services.messages_finish(now=noon)

        message.refresh_from_db()
        assert (message.state, message.finished_at) == ("cancelled", noon)
        assert message_ledger(message).states[State.CANCELLED] == 2
        assert acts(message) == ["message.cancelled", "message.ended"]

    @pytest.mark.parametrize("state", ["draft", "finished", "cancelled"])
    def test_is_refused_when_nothing_is_left_to_cancel(self, noon, lead, state):
        message = MessageFactory(**in_state(state, noon))

        with pytest.raises(services.MessageRefused, match="nothing to cancel"):
            services.message_cancel(message=message, by=lead, now=noon)


class TestMessageRetryFailed:
    def message_with_failures(self, noon):
        message = MessageFactory(launched=True, state="finished", finished_at=noon)
        for state, retryable, answer in [
            ("failed", True, "451 later"),
            ("failed", False, "550 no such person"),
            ("unknown", False, "silent"),
            ("sent", False, "250 ok"),
        ]:
            RecipientFactory(message=message, state=state, is_retryable=retryable, answer=answer)
        return message

    def test_puts_those_back_whose_failure_may_pass(self, noon, lead):
        message = self.message_with_failures(noon)

        message, count = services.message_retry_failed(message=message, by=lead, now=noon)

        assert count == 1
        assert (message.state, message.finished_at) == ("running", None)
        assert sorted(message.recipients.values_list("state", "answer")) == [
            ("failed", "550 no such person"),
            ("queued", "451 later"),
            ("sent", "250 ok"),
            ("unknown", "silent"),
        ]

    def test_puts_those_back_whom_a_person_chose_by_the_servers_answer(self, noon, lead):
        message = self.message_with_failures(noon)

        services.message_retry_failed(message=message, by=lead, now=noon, answer="550 no such person")

        assert message.recipients.get(state="queued").answer == "550 no such person"

    def test_never_an_unknown_one_whatever_a_person_chooses(self, noon, lead):
        message = self.message_with_failures(noon)

        with pytest.raises(services.MessageRefused, match="Nobody is left"):
            services.message_retry_failed(message=message, by=lead, now=noon, answer="silent")

        message.refresh_from_db()
        assert message.state == "finished"

    def test_not_after_its_last_moment(self, noon, lead):
        message = self.message_with_failures(noon)
        Message.objects.update(not_after=noon)

        with pytest.raises(services.MessageRefused, match="last moment has passed"):
            services.message_retry_failed(message=message, by=lead, now=noon)

    def test_not_of_a_cancelled_message(self, noon, lead):
        message = RecipientFactory(state="failed", is_retryable=True, message__state="cancelled").message

        with pytest.raises(services.MessageRefused, match="“Cancelled”"):
            services.message_retry_failed(message=message, by=lead, now=noon)


def test_readiness_asks_no_more_about_many_messages_than_about_one(noon):
    campaign = CampaignFactory()

    def statements():
        with CaptureQueriesContext(connections["default"]) as asked:
            readiness.findings(Campaign.objects.shown().get(pk=campaign.pk), noon)
        return [one["sql"] for one in asked if "SAVEPOINT" not in one["sql"]]

    MessageFactory(campaign=campaign)
    statements()
    few = statements()
    for _each in range(5):
        MessageFactory(campaign=campaign)
    many = statements()

    assert len(few) == len(many), many
    assert len(many) <= 14, many
