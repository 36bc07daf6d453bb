from http import HTTPStatus
from importlib import import_module

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models.functions import Now
from django.urls import reverse

from apps.collaboration.models import AuditEvent
from apps.contacts import services
from apps.contacts.models import Channel, ConsentEvent, ConsentStatus, ImportFile, Topic
from apps.contacts.services import ConsentChange, TopicRefused, TopicUnknown
from apps.messaging.services import message_update
from tests.factories.accounts import UserFactory
from tests.factories.contacts import ConsentFactory, ContactFactory, ImportFileFactory, TopicFactory
from tests.factories.messaging import MessageFactory
from tests.factories.segments import SegmentFactory

pytestmark = pytest.mark.django_db
ASKS = {"all": [{"none": [{"consent": {"channel": "sms", "topic": "Big Sale"}, "status": "none"}]}]}
FORM = {"name": "News", "key": "news", "channels": ["email"], "position": "1", "is_public": "on"}


class TestTopicCreate:
    def test_is_kept_and_audited(self, lead, noon):
        topic = services.topic_create(key="new_products", name="New products", by=lead, now=noon)

        assert (topic.channels, topic.is_public) == (["email"], False)
        assert AuditEvent.objects.get().action == "topic.created"

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"key": "New Products", "name": "x"}, "key"),
            ({"key": "taken", "name": "x"}, "key"),
            ({"key": "free", "name": ""}, "name"),
            ({"key": "free", "name": "x", "channels": ["fax"]}, "channels"),
        ],
    )
    def test_what_cannot_be_is_refused_and_nothing_is_kept(self, noon, given, field):
        TopicFactory(key="taken")

        with pytest.raises(ValidationError) as refusal:
            services.topic_create(**given, by=None, now=noon)

        assert list(refusal.value.message_dict) == [field]
        assert Topic.objects.get().key == "taken"
        assert not AuditEvent.objects.exists()


class TestTopicDelete:
    def test_one_that_nothing_speaks_of_goes(self, lead, noon):
        services.topic_delete(topic=TopicFactory(), by=lead, now=noon)

        assert not Topic.objects.exists()
        assert AuditEvent.objects.get().action == "topic.deleted"

    @pytest.mark.parametrize(
        ("use", "told"),
        [
            (lambda: ConsentFactory(contact=ContactFactory(), topic="news"), "stays on record"),
            (lambda: MessageFactory(topic="news", name="May"), "Message “May”"),
            (
                lambda: SegmentFactory(
                    name="Asked",
                    rule={"any": [{"consent": {"channel": "email", "topic": "news"}, "status": "none"}]},
                ),
                "Segment “Asked”",
            ),
            (lambda: ImportFileFactory(state="pending", consent={"topic": "news"}), "Import “people.csv”"),
        ],
    )
    def test_one_that_is_in_use_stays(self, noon, lead, use, told):
        topic = TopicFactory(key="news")
        use()

        with pytest.raises(TopicRefused, match=told):
            services.topic_delete(topic=topic, by=lead, now=noon)

        assert Topic.objects.get() == topic


class TestTopicPlaces:
    def test_a_message_of_others_counts_and_is_not_named(self, lead):
        topic = TopicFactory(key="news")
        MessageFactory(topic="news", name="May")
        stranger = UserFactory(role="contributor")

        seen = services.topic_places(topic=topic, user=lead)
        hidden = services.topic_places(topic=topic, user=stranger)

        assert [(use.label, bool(use.url)) for use in seen] == [("May", True)]
        assert [(use.label, use.url) for use in hidden] == [("A message of others", "")]


class TestTopicCheck:
    @pytest.mark.parametrize(("topic", "channel"), [("gone", "email"), ("news", "sms")])
    def test_nobody_agrees_to_what_nobody_described(self, noon, topic, channel):
        TopicFactory(key="news")
        change = ConsentChange(
            status=ConsentStatus.SUBSCRIBED, channel=Channel(channel), topic=topic, basis="x"
        )

        with pytest.raises(TopicUnknown, match=f"no topic “{topic}”"):
            services.consent_record(contact=ContactFactory(), change=change, by=None, now=noon)

        assert not ConsentEvent.objects.exists()

    def test_a_no_is_taken_on_any_channel_that_once_was(self, noon):
        TopicFactory(key="news", channels=["sms"])
        change = ConsentChange(status=ConsentStatus.UNSUBSCRIBED, topic="news")

        assert services.consent_record(contact=ContactFactory(), change=change, by=None, now=noon)

    def test_a_message_is_about_a_topic_that_there_is(self, lead, noon):
        message = MessageFactory()

        with pytest.raises(TopicUnknown):
            message_update(message=message, fields={"topic": "gone"}, by=lead, now=noon)

        message.refresh_from_db()
        assert message.topic == ""

    def test_an_import_subscribes_to_a_topic_that_there_is(self, upload, noon):
        consent = {"topic": "gone", "basis": "contract", "source": "shop", "wording": "Yes"}
        import_file = upload("email\nann@example.com\n")

        with pytest.raises(TopicUnknown):
            services.import_start(import_file=import_file, by=None, now=noon, consent=consent)

        assert ImportFile.objects.get().state == "draft"


def test_topics_in_use_before_are_described_under_their_very_words_and_nothing_else_changes():
    contact = ContactFactory(consent=False)
    for topic, channel in [("News", "email"), ("news", "email"), ("News", "sms")]:
        ConsentFactory(contact=contact, topic=topic, channel=channel)
    for channel in ("email", "sms"):
        contact.consent_events.create(topic="Left long ago", channel=channel, status="pending", at=Now())
    message = MessageFactory(topic="Fair 2029")
    segment = SegmentFactory(rule=ASKS)

    for app, name in [
        ("contacts", "0013_topics_described"),
        ("messaging", "0006_topics_described"),
        ("segments", "0002_topics_described"),
    ] * 2:  # it can run twice
        with connection.cursor() as cursor:
            cursor.execute(import_module(f"apps.{app}.migrations.{name}").DESCRIBE)

    assert dict(Topic.objects.values_list("key", "channels")) == {
        "News": ["email", "sms"],
        "news": ["email"],
        "Left long ago": ["email", "sms"],
        "Fair 2029": ["email"],
        "Big Sale": ["sms"],
    }
    assert set(contact.consents.values_list("topic", "channel")) == {
        ("News", "email"),
        ("news", "email"),
        ("News", "sms"),
    }
    message.refresh_from_db()
    segment.refresh_from_db()
    assert (message.topic, segment.rule) == ("Fair 2029", ASKS)


class TestPages:
    def test_a_topic_is_made_changed_and_deleted(self, login):
        client = login(UserFactory(role="data_lead"))

        client.post(reverse("contacts:topic-create"), FORM)
        topic = Topic.objects.get()
        client.post(reverse("contacts:topic-edit", args=[topic.pk]), {**FORM, "name": "The news"})
        assert "The news" in client.get(reverse("contacts:topic-list")).content.decode()
        client.post(reverse("contacts:topic-delete", args=[topic.pk]))

        assert not Topic.objects.exists()

    def test_a_refusal_stands_beside_its_field_with_what_was_typed(self, login):
        client = login(UserFactory(role="data_lead"))

        page = client.post(reverse("contacts:topic-create"), {**FORM, "key": "Hot News"})

        assert page.status_code == HTTPStatus.OK
        assert "hot_news" in page.context["form"].errors["key"][0]
        assert "Hot News" in page.content.decode()
        assert not Topic.objects.exists()

    def test_a_marketer_sees_them_and_changes_none(self, login):
        topic = TopicFactory(name="The news")
        client = login(UserFactory(role="marketer"))

        assert "The news" in client.get(reverse("contacts:topic-list")).content.decode()
        response = client.post(reverse("contacts:topic-edit", args=[topic.pk]), FORM)

        assert response.status_code == HTTPStatus.FORBIDDEN
        topic.refresh_from_db()
        assert topic.name == "The news"

    def test_the_list_costs_the_same_for_one_and_for_many(self, login, django_assert_num_queries):
        client = login(UserFactory(role="data_lead"))
        TopicFactory()
        with django_assert_num_queries(3):
            client.get(reverse("contacts:topic-list"))
        TopicFactory.create_batch(20)
        with django_assert_num_queries(3):
            client.get(reverse("contacts:topic-list"))

    def test_forms_choose_from_topics(self, login):
        TopicFactory(key="news", name="The news")
        message = MessageFactory()
        client = login(UserFactory(role="administrator"))

        for page in (
            reverse("messaging:settings-edit", args=[message.pk]),
            reverse("contacts:detail", args=[ContactFactory().pk]),
            reverse("contacts:create"),
        ):
            assert '<option value="news">The news</option>' in client.get(page).content.decode(), page


class TestApi:
    URL = "/api/v1/topics/"

    def test_made_changed_listed_and_deleted(self, api):
        client = api(UserFactory(role="data_lead"), "topics:read", "topics:write")

        made = client.post(self.URL, {"key": "news", "name": "News", "public": True}, format="json").json()
        url = f"{self.URL}{made['id']}/"
        changed = client.patch(url, {"name": "The news"}, format="json").json()

        assert (changed["key"], changed["name"], changed["public"]) == ("news", "The news", True)
        assert client.get(f"{self.URL}?public=true").json()["results"] == [changed]
        assert client.delete(url).status_code == HTTPStatus.NO_CONTENT
        assert not Topic.objects.exists()

    def test_a_bad_key_is_told_by_field(self, api):
        response = api(UserFactory(role="data_lead")).post(
            self.URL, {"key": "Hot News", "name": "x"}, format="json"
        )

        assert response.status_code == HTTPStatus.BAD_REQUEST
        assert not Topic.objects.exists()
