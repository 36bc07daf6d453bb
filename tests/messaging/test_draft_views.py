"""The pages on which a message is written, up to its launch."""

from datetime import timedelta
from http import HTTPStatus

import pytest
from django.contrib.messages import get_messages
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import IdempotentAnswer, User
from apps.campaigns.models import Channel
from apps.collaboration.models import AuditEvent
from apps.core import clock
from apps.messaging.delivery.smtp import Timeouts
from apps.messaging.models import Message, Recipient
from apps.messaging.services import testing
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import AudienceFactory, CampaignFactory, ChannelFactory
from tests.factories.contacts import ContactFactory, SuppressionFactory
from tests.factories.content import TemplateFactory
from tests.factories.messaging import (
    ExperimentFactory,
    MessageFactory,
    ProviderFactory,
    RecipientFactory,
    VariantFactory,
)
from tests.mail import SILENCE

pytestmark = pytest.mark.django_db
Role = User.Role


def url(name, *args):
    return reverse(f"messaging:{name}", args=args)


def notes(response):
    return [str(note) for note in get_messages(response.wsgi_request)]


def ready(**more):
    """Return a draft that can be launched today, in a campaign that is ready."""
    now = clock.now()
    days = {
        f"campaign__{name}": (now + timedelta(days=in_days)).date()
        for name, in_days in [("start_date", 0), ("launch_date", 9), ("goal_date", 90)]
    }
    return MessageFactory(campaign__goal_seen__occurred_at=now - timedelta(days=1), **days, **more)


class TestReviewSays:
    def test_that_there_is_nobody_to_write_to(self, login, lead):
        none, left_out = ready(), ready()
        none.segments.set([AudienceFactory(rule={"attribute": "email", "op": "eq", "value": "a@b.example"})])
        SuppressionFactory(address=ContactFactory().email)
        client = login(lead)

        pages = [client.get(url("detail", one.pk)).content.decode() for one in (none, left_out)]

        assert "Nobody is in the segments" in pages[0]
        assert "Nobody of them may be written to" in pages[1]

    def test_that_whoever_carries_it_did_not_work(self, login, lead):
        draft = ready(sender__provider=ProviderFactory(name="Post", check_fault="No connection"))

        page = login(lead).get(url("detail", draft.pk)).content.decode()

        assert "“Post”, which carries it, did not work when it was last checked: No connection" in page


class TestReviewCost:
    def test_costs_the_same_for_little_and_for_much(self, login, lead):
        small, large = MessageFactory(), MessageFactory()
        for draft in (small, large):
            ExperimentFactory(message=draft)
        ContactFactory()
        large.segments.add(*AudienceFactory.create_batch(4))
        large.exclude_segments.add(
            *AudienceFactory.create_batch(3, rule={"attribute": "phone", "op": "exists"})
        )
        for number in range(2, 6):
            template = TemplateFactory()
            VariantFactory(experiment=large.experiment, number=number, template=template)
        for kind in (Channel.Kind.SMS, Channel.Kind.ADS, Channel.Kind.EVENTS):
            ChannelFactory(campaign=large.campaign, kind=kind, owner=UserFactory())
        client = login(lead)
        client.get(url("detail", small.pk))  # what a process keeps is kept

        costs = []
        for draft in (small, large):
            with CaptureQueriesContext(connection) as asked:
                assert client.get(url("detail", draft.pk)).status_code == HTTPStatus.OK
            # A request of its own has no savepoints.
            costs.append([one["sql"] for one in asked if "SAVEPOINT" not in one["sql"]])

        assert len(costs[0]) == len(costs[1]) == 21


class TestMessageCreate:
    def test_starts_a_draft_with_the_campaigns_audience_and_leads_to_its_first_step(self, login, lead):
        campaign = CampaignFactory()

        response = login(lead).post(url("create", campaign.channels.get().pk), {"name": "Spring"})

        message = Message.objects.get()
        assert response.headers["Location"] == url("recipients-edit", message.pk)
        assert (message.name, message.segments.get()) == ("Spring", campaign.segment)

    def test_keeps_what_was_typed_when_it_refuses(self, login, lead):
        channel = CampaignFactory().channels.get()

        response = login(lead).post(url("create", channel.pk), {"name": "x" * 201})

        assert response.status_code == HTTPStatus.OK
        assert b'value="' + b"x" * 201 in response.content
        assert not Message.objects.exists()

    def test_is_not_for_those_who_do_not_send_on_this_channel(self, login):
        channel = CampaignFactory().channels.get()

        response = login(UserFactory(role=Role.MARKETER)).post(url("create", channel.pk), {"name": "Spring"})

        assert response.status_code == HTTPStatus.FORBIDDEN
        assert not Message.objects.exists()


class TestSteps:
    @pytest.mark.parametrize("step", ["recipients", "content", "settings"])
    def test_a_step_is_a_page_and_what_was_launched_is_only_looked_at(self, login, lead, step):
        draft, launched = MessageFactory(), MessageFactory(launched=True)

        page = login(lead).get(url(f"{step}-edit", draft.pk))
        response = login(lead).get(url(f"{step}-edit", launched.pk))

        assert b'id="step-form"' in page.content
        assert response.headers["Location"] == url("detail", launched.pk)

    def test_a_step_saves_and_leads_to_the_next(self, login, lead):
        message, segment = MessageFactory(), AudienceFactory()
        fields = {"segments": [segment.pk], "exclude_segments": [], "holdout_percent": 10}

        response = login(lead).post(url("recipients-edit", message.pk), fields)

        assert response.headers["Location"] == url("content-edit", message.pk)
        message.refresh_from_db()
        assert (message.segments.get(), message.holdout_percent) == (segment, 10)

    def test_a_refused_step_says_so_beside_the_field_and_saves_nothing(self, login, lead):
        message = MessageFactory(holdout_percent=5)

        response = login(lead).post(url("recipients-edit", message.pk), {"holdout_percent": 91})

        assert response.status_code == HTTPStatus.OK
        assert b"less than or equal to 90" in response.content
        message.refresh_from_db()
        assert message.holdout_percent == 5

    @pytest.mark.parametrize("step", ["recipients", "content", "settings"])
    def test_somebody_elses_message_is_not_changed(self, login, step):
        message = MessageFactory(name="Spring")

        response = login(UserFactory(role=Role.MARKETER)).post(
            url(f"{step}-edit", message.pk), {"name": "Autumn", "holdout_percent": 50, "template": ""}
        )

        assert response.status_code == HTTPStatus.FORBIDDEN
        assert Message.objects.values("name", "holdout_percent", "template").get() == {
            "name": "Spring",
            "holdout_percent": 0,
            "template": message.template_id,
        }


class TestReview:
    def test_is_a_page_with_the_promise_and_the_mail_as_one_of_them_gets_it(self, login, lead):
        contact = ContactFactory(attributes={"first_name": "Ann"})
        message = MessageFactory(template__version__subject="Hello {{ contact.first_name }}")

        page = login(lead).get(url("detail", message.pk)).content.decode()

        assert "Launch to 1 person" in page
        assert f"As {contact.email} would get it." in page
        assert "Hello Ann" in page
        assert "Dear Ann, come and see." in page

    @pytest.mark.parametrize("role", [Role.EXECUTIVE, Role.CONTRIBUTOR])
    def test_shows_nobodys_data_to_those_who_may_not_see_people(self, login, role):
        contact = ContactFactory(attributes={"first_name": "Ann"})
        user = UserFactory(role=role)
        message = MessageFactory(
            campaign__channel__owner=user, template__version__subject="Hello {{ contact.first_name }}"
        )

        page = login(user).get(url("detail", message.pk)).content.decode()
        frame = login(user).get(url("frame", message.pk), {"as": contact.email}).content.decode()

        assert "As a reader would get it." in page
        assert "Dear reader, come and see." in page
        for shown in (page, frame):
            assert "Ann" not in shown
            assert contact.email not in shown

    def test_offers_its_steps_only_to_those_who_may_take_them(self, login, lead):
        message = MessageFactory()
        pages = [
            login(person).get(url("detail", message.pk)).content.decode()
            for person in (lead, UserFactory(role=Role.EXECUTIVE))
        ]

        assert [url("recipients-edit", message.pk) in page for page in pages] == [True, False]

    def test_a_sender_that_mail_cannot_come_from_is_a_problem_and_the_mail_is_shown(self, login, lead):
        ContactFactory()
        message = MessageFactory(sender__email='"a,b"@x.example')

        page = login(lead).get(url("detail", message.pk)).content.decode()

        assert "Mail servers would not take the address of the sender “Shop”." in page
        assert "come and see." in page

    def test_is_unknown_to_those_who_do_not_know_the_campaign(self, login):
        message = MessageFactory()

        response = login(UserFactory(role=Role.CONTRIBUTOR)).get(url("detail", message.pk))

        assert response.status_code == HTTPStatus.NOT_FOUND

    def test_costs_the_same_for_one_person_and_for_twenty(self, login, lead, django_assert_max_num_queries):
        message = MessageFactory()
        ContactFactory.create_batch(20)
        client = login(lead)

        with django_assert_max_num_queries(51):
            assert "Launch to 20 people" in client.get(url("detail", message.pk)).content.decode()


class TestMessageLaunch:
    def test_launches_and_leads_to_the_running_page(self, login, lead):
        ContactFactory()
        message = ready()

        response = login(lead).post(url("launch", message.pk), {"promised": 1})

        assert response.headers["Location"] == url("detail", message.pk)
        message.refresh_from_db()
        assert message.is_running

    def test_a_refusal_is_told_where_the_button_is(self, login, lead):
        ContactFactory()
        message = ready()

        response = login(lead).post(url("launch", message.pk), {"promised": 2})

        assert response.status_code == HTTPStatus.OK
        assert "1 person would get it, not 2" in response.content.decode()
        message.refresh_from_db()
        assert message.is_draft

    def test_is_not_for_those_who_only_look(self, login):
        ContactFactory()
        message = ready()

        response = login(UserFactory(role=Role.MARKETER)).post(url("launch", message.pk), {"promised": 1})

        assert response.status_code == HTTPStatus.FORBIDDEN
        assert not Recipient.objects.exists()


class TestMessageTest:
    def test_goes_to_people_of_the_team_as_the_contact_that_was_named(self, login, lead, mail_server):
        contact = ContactFactory(attributes={"first_name": "Ann"})
        message = MessageFactory()

        response = login(lead).post(
            url("test", message.pk), {"people": [lead.pk], "contact": contact.email}, follow=True
        )

        assert notes(response) == [f"A test went to {lead.email}."]
        [taken] = mail_server.taken
        assert "Dear Ann" in taken.mail.get_body(("plain",)).get_content()

    def test_takes_nobodys_data_along_for_those_who_may_not_see_people(self, login, owner, mail_server):
        contact = ContactFactory(attributes={"first_name": "Ann"})
        message = MessageFactory(campaign__channel__owner=owner)

        login(owner).post(url("test", message.pk), {"people": [owner.pk], "contact": contact.email})

        [taken] = mail_server.taken
        assert "Dear reader" in taken.mail.get_body(("plain",)).get_content()
        assert contact.email.encode() not in taken.content

    def test_offers_a_contact_only_to_those_who_may_see_people(self, login, lead, owner):
        message = MessageFactory(campaign__channel__owner=owner)

        offers = [
            b'name="contact"' in login(user).get(url("detail", message.pk)).content for user in (lead, owner)
        ]

        assert offers == [True, False]

    def test_that_reached_some_is_done_and_says_who_did_not_get_it(
        self, login, lead, mail_server, monkeypatch
    ):
        monkeypatch.setattr(testing, "PATIENCE", Timeouts(connect=30, command=30, answer=2))
        message, gone, silent = MessageFactory(), UserFactory(), UserFactory()
        mail_server.on("rcpt", gone.email, "550 no such person")
        mail_server.on("dot", silent.email, SILENCE)

        response = login(lead).post(
            url("test", message.pk), {"people": [lead.pk, gone.pk, silent.pk]}, follow=True
        )

        assert notes(response) == [
            f"A test went to {lead.email}.",
            f"Not to {gone.email}: 550 no such person",
            f"Not to {silent.email}: The server was silent for 2 seconds.",
        ]
        details = AuditEvent.objects.get(action="message.tested").details
        assert sorted(details["people"]) == sorted([lead.pk, silent.pk])

    def test_that_reached_nobody_is_refused_with_what_the_server_said(self, login, lead, mail_server):
        message = MessageFactory()
        mail_server.on("rcpt", lead.email, "550 no such person")
        form = {"people": [lead.pk], "key": "of-this-form"}

        refused = login(lead).post(url("test", message.pk), form)

        assert "550 no such person" in refused.content.decode()
        assert not AuditEvent.objects.filter(action="message.tested").exists()
        mail_server.script.answers.clear()
        login(lead).post(url("test", message.pk), form)
        assert len(mail_server.taken) == 1  # the form that was refused may be sent again

    def test_sent_twice_goes_out_once(self, login, lead, mail_server):
        message = MessageFactory()
        form = {"people": [lead.pk], "key": "of-this-form"}

        first, second = (login(lead).post(url("test", message.pk), form) for _time in range(2))

        assert first.headers["Location"] == second.headers["Location"] == url("detail", message.pk)
        assert len(mail_server.taken) == 1

    def test_brought_back_and_sent_to_somebody_else_goes_out(self, login, lead, mail_server):
        message, colleague = MessageFactory(), UserFactory()

        for person in (lead, colleague):
            login(lead).post(url("test", message.pk), {"people": [person.pk], "key": "of-this-form"})

        assert [mail.recipient for mail in mail_server.taken] == [lead.email, colleague.email]

    @pytest.mark.django_db(transaction=True)
    def test_holds_no_transaction_open_while_it_talks_to_the_server(self, login, lead, mail_server):
        message = MessageFactory()
        page = login(lead).get(url("detail", message.pk)).content.decode()
        assert 'name="key"' in page
        seen = []

        def look(_taken):
            seen.append(IdempotentAnswer.objects.count())
            connections.close_all()

        mail_server.before_answer_to_dot = look

        login(lead).post(url("test", message.pk), {"people": [lead.pk], "key": "of-this-form"})

        assert seen == [1]  # from another connection the key is seen: it was committed before

    def test_is_not_for_those_who_only_look(self, login, mail_server):
        user = UserFactory(role=Role.MARKETER)

        response = login(user).post(url("test", MessageFactory().pk), {"people": [user.pk]})

        assert response.status_code == HTTPStatus.FORBIDDEN
        assert mail_server.taken == []


class TestMessageDelete:
    def test_throws_a_draft_away(self, login, lead):
        message = MessageFactory()

        response = login(lead).post(url("delete", message.pk))

        assert response.headers["Location"] == reverse(
            "campaigns:tab", args=[message.campaign_id, "messages"]
        )
        assert not Message.objects.exists()

    def test_says_why_a_launched_one_stays(self, login, lead):
        message = RecipientFactory().message

        response = login(lead).post(url("delete", message.pk), follow=True)

        assert "A message that was launched stays on record" in response.content.decode()
        assert Message.objects.get() == message


class TestMessageSettings:
    def test_hours_that_cannot_be_are_told_beside_the_field_and_stay_typed(self, login, lead):
        message = MessageFactory()
        typed = {"name": "New", "scheduled_at": "2030-03-01T09:00", "not_after": "2030-03-01T08:00"}

        page = login(lead).post(url("settings-edit", message.pk), typed)

        assert page.context["form"].errors == {"not_after": ["This must be later than the time of sending."]}
        assert "2030-03-01T08:00" in page.content.decode()
        message.refresh_from_db()
        assert message.scheduled_at is None

    def test_a_priority_is_kept(self, login, lead):
        message = MessageFactory()

        response = login(lead).post(url("settings-edit", message.pk), {"name": "New", "priority": "urgent"})

        assert response.headers["Location"] == url("detail", message.pk)
        message.refresh_from_db()
        assert message.priority == "urgent"
        page = login(lead).get(url("settings-edit", message.pk)).content.decode()
        assert '<option value="urgent" selected>' in page
