from datetime import timedelta
from http import HTTPStatus

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.messaging.models import Message, Sender
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import AudienceFactory, CampaignFactory, ChannelFactory, ContributorFactory
from tests.factories.contacts import ContactFactory, SuppressionFactory
from tests.factories.messaging import MessageFactory, RecipientFactory, SenderFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(api, lead):
    return api(lead, "messages:read", "messages:write", "senders:write")


def url(name, *args):
    return reverse(f"api:{name}", args=args)


class TestContactWhy:
    def test_says_it_in_a_sentence_and_with_the_rows_of_the_ledger(self, program, noon):
        recipient = RecipientFactory(
            state="excluded", reason="suppressed", contact__email="ann@example.com", message__launched_at=noon
        )
        SuppressionFactory(address="ann@example.com", reason="complained", at=noon - timedelta(days=1))

        told = program.get(
            url("contact-why-why", recipient.contact_id), {"message": recipient.message_id}
        ).json()

        assert told["message"] == recipient.message_id
        since = "since 28 February 2030, 12:00 (UTC): Complained"
        assert told["why"] == f"Excluded at launch: Suppressed · {since}"
        assert [(row["id"], row["state"], row["reason"]) for row in told["rows"]] == [
            (recipient.pk, "excluded", "suppressed")
        ]
        assert told["rows"][0]["story"][0]["text"] == "In the audience, but left out at launch"

    @pytest.mark.parametrize(
        ("is_launched", "why"),
        [
            (True, "Not in the audience when the message was launched."),
            (False, "The message has not been launched."),
        ],
    )
    def test_says_why_there_is_no_row(self, program, is_launched, why):
        message = MessageFactory(launched=is_launched)

        told = program.get(url("contact-why-why", ContactFactory().pk), {"message": message.pk}).json()

        assert told == {"message": message.pk, "why": why, "rows": []}

    @pytest.mark.parametrize("asked", ["", "0", "x", "²", "9" * 30])
    def test_refuses_what_names_no_message(self, program, asked):
        response = program.get(url("contact-why-why", ContactFactory().pk), {"message": asked})

        assert response.status_code == HTTPStatus.BAD_REQUEST
        assert [error["field"] for error in response.json()["errors"]] == ["message"]

    def test_knows_no_message_of_a_campaign_that_the_caller_may_not_see(self, api, owner):
        message = MessageFactory(launched=True)

        response = api(owner, "messages:read").get(
            url("contact-why-why", ContactFactory().pk), {"message": message.pk}
        )

        assert response.status_code in {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND}


class TestMessages:
    def test_a_draft_is_written_and_launched_by_a_program(self, program):
        ContactFactory.create_batch(2)
        SuppressionFactory(address=ContactFactory().email)
        campaign, segment = CampaignFactory(), AudienceFactory()
        template, sender = MessageFactory().template, SenderFactory()

        made = program.post(
            url("message-list"),
            {
                "campaign": campaign.pk,
                "name": "Spring",
                "segments": [segment.pk],
                "template": template.pk,
                "sender": sender.pk,
                "schedule": {"send_at": "2099-01-01T09:00:00Z", "not_after": "2099-01-02T09:00:00Z"},
            },
            format="json",
        )
        assert made.status_code == HTTPStatus.CREATED, made.json()
        message = made.json()
        assert message["channel"] == campaign.channels.get().pk
        assert message["schedule"] == {
            "local_time": None,
            "send_at": "2099-01-01T09:00:00Z",
            "not_after": "2099-01-02T09:00:00Z",
        }
        reach = program.get(url("message-reach", message["id"])).json()
        assert reach == {
            "audience": 3,
            "recipients": 2,
            "late": 0,
            "held": 0,
            "expiring": 0,
            "sample": 0,
            "awaiting": 0,
            "excluded": {"suppressed": 1},
            "domains": [{"domain": "example.com", "count": 2, "brake": None}],
            "other_domains": 0,
            "slowest": None,
        }

        launched = program.post(url("message-launch", message["id"]), {"promised": 2}, format="json")

        assert launched.json()["state"] == "running"
        ledger = program.get(url("message-ledger", message["id"])).json()
        assert ledger["audience"] == sum(ledger["states"].values()) == 3
        assert ledger["states"]["planned"] == 2
        assert ledger["excluded"]["suppressed"] == 1

    def test_a_refusal_is_a_problem_that_says_why(self, program):
        message = MessageFactory(launched=True)

        response = program.post(url("message-launch", message.pk))

        assert response.status_code == HTTPStatus.CONFLICT
        assert response.json()["detail"].startswith("This message is “Running” already.")

    @pytest.mark.parametrize("act", ["pause", "resume", "cancel"])
    def test_a_message_is_steered(self, program, act):
        message = MessageFactory(launched=True, state="paused" if act == "resume" else "running")
        RecipientFactory(message=message)

        response = program.post(url(f"message-{act}", message.pk))

        assert response.status_code == HTTPStatus.OK
        assert (
            response.json()["state"] == {"pause": "paused", "resume": "running", "cancel": "cancelled"}[act]
        )

    def test_failed_recipients_are_retried(self, program):
        recipient = RecipientFactory(state="failed", is_retryable=True)

        response = program.post(url("message-retry-failed", recipient.message.pk))

        assert response.json() == {"retried": 1}

    def test_those_are_retried_whom_the_server_told_exactly_this(self, program):
        answer = "550 no such person\n"  # as it is kept where its line was cut
        recipient = RecipientFactory(state="failed", answer=answer)
        RecipientFactory(message=recipient.message, state="failed", answer="550 no such person")

        response = program.post(
            url("message-retry-failed", recipient.message.pk), {"answer": answer}, format="json"
        )

        assert response.json() == {"retried": 1}

    def test_recipients_are_paged_by_key_and_filtered(self, program):
        message = MessageFactory(launched=True)
        RecipientFactory.create_batch(3, message=message, state="sent")
        RecipientFactory(message=message, state="excluded", reason="suppressed")

        first = program.get(url("message-recipients", message.pk), {"state": "sent", "limit": 2}).json()
        second = program.get(first["next"]).json()

        assert [row["state"] for row in [*first["results"], *second["results"]]] == ["sent"] * 3
        assert second["next"] is None
        refused = program.get(url("message-recipients", message.pk), {"state": "gone"})
        assert refused.status_code == HTTPStatus.BAD_REQUEST

    def test_a_channel_of_another_campaign_is_refused_by_name(self, program):
        other = ChannelFactory()
        fields = {"campaign": CampaignFactory().pk, "channel": other.pk, "name": "Spring"}

        response = program.post(url("message-list"), fields, format="json")

        assert response.status_code == HTTPStatus.BAD_REQUEST
        assert [error["field"] for error in response.json()["errors"]] == ["channel"]

    def test_whether_it_is_tracked_can_be_set_and_read(self, program):
        campaign = CampaignFactory()
        fields = {"campaign": campaign.pk, "name": "Spring", "is_tracked": False}

        made = program.post(url("message-list"), fields, format="json").json()
        assert made["is_tracked"] is False

        changed = program.patch(url("message-detail", made["id"]), {"is_tracked": True}, format="json")
        assert changed.json()["is_tracked"] is True
        assert Message.objects.get().is_tracked

    def test_its_priority_can_be_set_and_read_and_is_one_of_three(self, program):
        fields = {"campaign": CampaignFactory().pk, "name": "Spring"}

        made = program.post(url("message-list"), fields, format="json").json()
        assert made["priority"] == "normal"

        changed = program.patch(url("message-detail", made["id"]), {"priority": "urgent"}, format="json")
        assert changed.json()["priority"] == "urgent"

        refused = program.patch(url("message-detail", made["id"]), {"priority": "now"}, format="json")
        assert refused.status_code == HTTPStatus.BAD_REQUEST
        assert Message.objects.get().priority == "urgent"

    def test_a_campaign_that_one_may_not_know_is_not_there(self, api):
        hidden = CampaignFactory()
        contributor = UserFactory(role=User.Role.CONTRIBUTOR)
        own = ContributorFactory(user=contributor).campaign
        outsider = api(contributor, "messages:write")

        def refusal(**fields):
            response = outsider.post(url("message-list"), fields | {"name": "x"}, format="json")
            assert response.status_code == HTTPStatus.BAD_REQUEST
            return [(error["field"], error["message"]) for error in response.json()["errors"]]

        absent = 10**9
        for field, pk in (("campaign", hidden.pk), ("channel", hidden.channels.get().pk)):
            known = {"campaign": own.pk, field: pk}
            nowhere = {"campaign": own.pk, field: absent}
            assert refusal(**known) == [
                (name, text.replace(str(absent), str(pk))) for name, text in refusal(**nowhere)
            ]

    @pytest.mark.parametrize("ordering", ["name", "created_at", "updated_at"])
    def test_messages_come_in_the_order_that_is_asked_for(self, program, ordering):
        first, second = MessageFactory(name="A"), MessageFactory(name="B")

        up = program.get(url("message-list"), {"ordering": ordering}).json()["results"]
        down = program.get(url("message-list"), {"ordering": f"-{ordering}"}).json()["results"]

        assert [row["id"] for row in up] == [first.pk, second.pk]
        assert [row["id"] for row in down] == [second.pk, first.pk]

    def test_writing_in_somebody_elses_channel_is_not_allowed(self, api):
        campaign = CampaignFactory()
        stranger = api(UserFactory(), "messages:write")

        response = stranger.post(url("message-list"), {"campaign": campaign.pk, "name": "x"}, format="json")

        assert response.status_code == HTTPStatus.FORBIDDEN
        assert not Message.objects.exists()

    def test_a_draft_is_changed_and_thrown_away(self, program):
        message = MessageFactory(name="Old")

        changed = program.patch(url("message-detail", message.pk), {"name": "New"}, format="json")
        assert changed.json()["name"] == "New"
        assert changed.json()["segments"] == [segment.pk for segment in message.segments.all()]

        assert program.delete(url("message-detail", message.pk)).status_code == HTTPStatus.NO_CONTENT
        assert not Message.objects.exists()

    def test_the_list_costs_the_same_for_one_and_for_many(self, program, django_assert_max_num_queries):
        MessageFactory.create_batch(20)

        with django_assert_max_num_queries(8):
            response = program.get(url("message-list"))

        assert len(response.json()["results"]) == 20

    def test_a_test_goes_to_people_of_the_team(self, program, mail_server, lead):
        message = MessageFactory()
        contact = ContactFactory(attributes={"first_name": "Ann"})

        response = program.post(
            url("message-test", message.pk), {"people": [lead.pk], "contact": contact.pk}, format="json"
        )

        assert response.json() == {"sent_to": [lead.email], "not_sent": []}
        [taken] = mail_server.taken
        assert taken.recipient == lead.email
        assert taken.mail["Subject"] == "[Test] Spring is here"
        assert "Dear Ann" in taken.mail.get_body(("plain",)).get_content()

    def test_a_test_that_reached_some_says_who_and_who_not(self, program, mail_server, lead):
        message, other = MessageFactory(), UserFactory()
        mail_server.on("rcpt", other.email, "550 5.1.1 no such person")

        response = program.post(
            url("message-test", message.pk), {"people": [lead.pk, other.pk]}, format="json"
        )

        assert response.status_code == HTTPStatus.OK
        assert response.json() == {
            "sent_to": [lead.email],
            "not_sent": [{"email": other.email, "answer": "550 5.1.1 no such person"}],
        }


class TestSenders:
    def test_one_is_added_changed_and_deleted(self, program):
        made = program.post(url("sender-list"), {"name": "Shop", "email": "shop@x.example"}, format="json")
        assert made.status_code == HTTPStatus.CREATED
        detail = url("sender-detail", made.json()["id"])

        assert program.patch(detail, {"name": "Store"}, format="json").json()["name"] == "Store"
        assert program.delete(detail).status_code == HTTPStatus.NO_CONTENT
        assert not Sender.objects.exists()

    def test_one_in_use_stays(self, program):
        message = MessageFactory()

        response = program.delete(url("sender-detail", message.sender.pk))

        assert response.status_code == HTTPStatus.CONFLICT
        assert "1 message comes from this sender" in response.json()["detail"]

    @pytest.mark.parametrize("field", ["email", "reply_to"])
    @pytest.mark.parametrize("address", ['"a,b"@x.example', '"a<b"@x.example'])
    def test_an_address_is_one_that_mail_can_come_from(self, program, field, address):
        fields = {"name": "Shop", "email": "shop@x.example"} | {field: address}

        response = program.post(url("sender-list"), fields, format="json")

        assert response.status_code == HTTPStatus.BAD_REQUEST
        assert [error["field"] for error in response.json()["errors"]] == [field]
        assert not Sender.objects.exists()

    def test_they_come_in_the_order_that_is_asked_for(self, api, lead):
        SenderFactory(name="A", email="z@x.example")
        SenderFactory(name="B", email="y@x.example")

        response = api(lead, "senders:read").get(url("sender-list"), {"ordering": "email"})

        assert [row["name"] for row in response.json()["results"]] == ["B", "A"]

    def test_a_name_is_one_line(self, program):
        response = program.post(
            url("sender-list"), {"name": "Shop\r\nBcc: x@y.example", "email": "shop@x.example"}, format="json"
        )

        assert response.status_code == HTTPStatus.BAD_REQUEST
