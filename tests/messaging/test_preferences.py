from http import HTTPStatus

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from apps.contacts import services as contacts
from apps.contacts.addresses import address_hash
from apps.contacts.models import Consent, ConsentEvent, Contact, Suppression, Topic
from apps.core import clock
from apps.messaging import services
from apps.messaging.delivery.composer import Composer
from apps.messaging.selectors import contact_data
from apps.messaging.services import PreferencesRefused
from apps.messaging.tokens import Purpose, token_make
from tests.factories.contacts import ConsentFactory, ContactFactory, SuppressionFactory, TopicFactory
from tests.factories.content import MJML, TemplateVersionFactory
from tests.factories.messaging import RecipientFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def recipient():
    return RecipientFactory(state="sent", contact__email="ann@example.com")


@pytest.fixture
def topics():
    """Two that readers choose from, one of the team's own, one for SMS."""
    TopicFactory(key="own")
    TopicFactory(key="by_sms", is_public=True, channels=["sms"])
    news = TopicFactory(key="news", name="The news", description="Once a week.", is_public=True, position=1)
    return [news, TopicFactory(key="offers", is_public=True, position=2)]


def url(recipient, purpose=Purpose.PREFERENCES):
    return reverse("messaging:preferences", args=[token_make(purpose, recipient.pk)])


def exclusion(topic):
    return Contact.objects.with_exclusion(topic=topic).values_list("exclusion", flat=True).get()


class TestPage:
    def test_shows_what_the_reader_gets_and_changes_nothing(self, client, recipient, topics):
        ConsentFactory(contact=recipient.contact, topic="offers", status="unsubscribed")

        page = client.get(url(recipient))

        shown = [(one.topic.key, one.is_on) for one in page.context["preferences"]]
        assert shown == [("news", True), ("offers", False)]
        assert "Once a week." in page.content.decode()
        assert page.cookies == {}
        assert not ConsentEvent.objects.exists()

    def test_a_choice_is_kept_with_proof_and_asked_by_the_next_send(self, recipient, topics):
        ConsentFactory(contact=recipient.contact, topic="offers", status="unsubscribed")
        client = Client(enforce_csrf_checks=True)

        page = client.post(url(recipient), {"shown": ["news", "offers"], "topic": ["offers"]})

        assert page.status_code == HTTPStatus.OK
        assert page.cookies == {}
        assert "It holds from now on." in page.content.decode()
        lines = ConsentEvent.objects.order_by("pk").values_list("topic", "status", "basis", "wording", "by")
        assert list(lines) == [
            ("news", "unsubscribed", "preference page", "The news: Once a week.", None),
            ("offers", "subscribed", "preference page", "Offers", None),
        ]
        assert (exclusion("news"), exclusion("offers"), exclusion("")) == ("no_consent", "", "")

    def test_saving_again_writes_nothing(self, client, recipient, topics):
        for _time in range(2):
            client.post(url(recipient), {"shown": ["news", "offers"], "topic": ["offers"]})

        assert ConsentEvent.objects.get().topic == "news"

    def test_a_topic_that_the_page_had_not_shown_stays_as_it_was(self, client, recipient, topics):
        client.post(url(recipient), {"shown": ["news", "own"], "topic": ["news"]})

        assert not ConsentEvent.objects.exists()

    def test_a_topic_of_the_team_cannot_be_chosen_by_its_key(self, client, recipient, topics):
        client.post(url(recipient), {"shown": ["own", "by_sms", "gone"], "topic": ["own", "by_sms", "gone"]})

        assert not ConsentEvent.objects.exists()

    def test_leaving_everything_is_one_button(self, client, recipient, topics):
        page = client.post(url(recipient), {"all": "1"})

        assert "You are unsubscribed" in page.content.decode()
        assert Consent.objects.get().status == "unsubscribed"
        assert ConsentEvent.objects.get().basis == "preference page"
        assert Suppression.objects.get().reason == "unsubscribed"

    @pytest.mark.parametrize("how", ["suppressed", "unsubscribed"])
    def test_boxes_do_not_bring_back_who_has_left(self, client, topics, how):
        recipient = RecipientFactory(
            state="sent",
            contact=ContactFactory(email="ann@example.com", consent=how if how == "unsubscribed" else None),
        )
        if how == "suppressed":
            SuppressionFactory(address="ann@example.com")

        page = client.post(url(recipient), {"shown": ["news"], "topic": ["news"]})
        with pytest.raises(PreferencesRefused):
            services.preferences_save(recipient=recipient, shown=["news"], chosen=["news"], now=clock.now())

        assert "You are unsubscribed" in page.content.decode()
        assert 'name="topic"' not in page.content.decode()
        assert not ConsentEvent.objects.exists()

    def test_without_topics_there_is_still_the_way_out(self, client, recipient):
        assert "Unsubscribe from everything" in client.get(url(recipient)).content.decode()

    @pytest.mark.parametrize("purpose", [Purpose.UNSUBSCRIBE, Purpose.VIEW, Purpose.OPEN])
    def test_a_token_for_something_else_opens_nothing(self, client, recipient, purpose):
        assert client.get(url(recipient, purpose)).status_code == HTTPStatus.NOT_FOUND

    def test_somebody_who_was_erased_has_no_page(self, client, recipient):
        Contact.objects.update(erased_at=clock.now())

        assert client.post(url(recipient), {"all": "1"}).status_code == HTTPStatus.NOT_FOUND

    def test_a_database_that_is_away_says_later(self, client, recipient, monkeypatch):
        def away(**kwargs):
            raise OperationalError

        monkeypatch.setattr(services, "preferences_save", away)

        assert client.post(url(recipient)).status_code == HTTPStatus.SERVICE_UNAVAILABLE


class TestLinks:
    def test_the_unsubscribe_page_offers_the_choice(self, client, recipient, topics):
        leave = reverse("messaging:unsubscribe", args=[token_make(Purpose.UNSUBSCRIBE, recipient.pk)])

        assert url(recipient) in client.get(leave).content.decode()
        Topic.objects.all().delete()
        assert url(recipient) not in client.get(leave).content.decode()

    def test_a_mail_that_prints_preferences_url_leads_to_the_page(self, recipient, noon):
        mjml = MJML.replace("unsubscribe_url", "preferences_url")
        version = TemplateVersionFactory(mjml=mjml)
        composer = Composer(recipient.message, version)

        mail = composer.compose(recipient.pk, contact_data(recipient.contact), at=noon)

        assert url(recipient) in mail.content.decode().replace("=\r\n", "")


class TestMerged:
    """Both got the mail, so the other's row stays with the contact that is hidden now."""

    @pytest.fixture
    def merged(self, recipient, lead, noon):
        keep = ContactFactory(email="kept@example.com")
        RecipientFactory(message=recipient.message, contact=keep, state="sent")
        contacts.contact_merge(keep=keep, gone=recipient.contact, by=lead, now=noon, is_confirmed=True)
        recipient.refresh_from_db()
        assert recipient.contact_id != keep.pk
        return keep

    def test_a_mail_to_the_other_shows_and_keeps_what_the_kept_one_gets(
        self, client, recipient, merged, topics
    ):
        page = client.get(url(recipient))
        client.post(url(recipient), {"shown": ["news"], "topic": []})

        assert page.status_code == HTTPStatus.OK
        assert Consent.objects.get(topic="news").contact == merged
        assert Consent.objects.get(topic="news").status == "unsubscribed"

    def test_leaving_by_it_is_leaving_of_the_kept_one(self, client, recipient, merged):
        leave = reverse("messaging:unsubscribe", args=[token_make(Purpose.UNSUBSCRIBE, recipient.pk)])

        answer = client.post(leave, {"List-Unsubscribe": "One-Click"})

        assert answer.status_code == HTTPStatus.OK
        assert client.get(leave).context["is_done"]
        assert merged.consents.get(topic="").status == "unsubscribed"
        gone = set(Suppression.objects.values_list("address_hash", flat=True))
        assert gone == {address_hash("ann@example.com"), address_hash("kept@example.com")}


def test_the_proof_names_where_the_reader_was_and_not_where_their_provider_is(client, recipient, topics):
    token = token_make(Purpose.UNSUBSCRIBE, recipient.pk)
    leave = reverse("messaging:unsubscribe", args=[token])

    client.post(url(recipient), {"shown": ["news"], "topic": []}, REMOTE_ADDR="203.0.113.7")
    client.post(leave, {"List-Unsubscribe": "One-Click"}, REMOTE_ADDR="198.51.100.1")

    told = dict(ConsentEvent.objects.values_list("topic", "network"))
    assert told == {"news": "203.0.113.7", "": None}
