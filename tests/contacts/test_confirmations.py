from datetime import timedelta
from http import HTTPStatus
from smtplib import SMTPServerDisconnected

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from apps.collaboration.models import AuditEvent
from apps.contacts import services
from apps.contacts.models import Confirmation, Consent, ConsentEvent, ConsentStatus, Contact
from apps.contacts.services import ConfirmationOver, ConsentChange, ConsentRefused
from apps.contacts.services.confirmations import token_make
from apps.core import clock
from tests.factories.accounts import UserFactory
from tests.factories.contacts import ContactFactory, SuppressionFactory, TopicFactory

pytestmark = pytest.mark.django_db
ASK = ConsentChange(status=ConsentStatus.PENDING, basis="asked at the fair", wording="News, weekly.")
UNSUBSCRIBE = ConsentChange(status=ConsentStatus.UNSUBSCRIBED, basis="telephone")


@pytest.fixture
def ask(noon, django_capture_on_commit_callbacks):
    """Return a function that asks somebody, and lets the mail go."""

    def request(contact, change=ASK, at=noon, by=None):
        with django_capture_on_commit_callbacks(execute=True):
            return services.confirmation_request(contact=contact, change=change, by=by, now=at)

    return request


def status_of(contact, topic=""):
    return Consent.objects.filter(contact=contact, topic=topic).values_list("status", flat=True).first()


def exclusion(topic=""):
    return Contact.objects.with_exclusion(topic=topic).values_list("exclusion", flat=True).get()


class TestRequest:
    def test_mails_the_link_and_nobody_is_written_to_meanwhile(self, ask, lead, noon):
        contact = ContactFactory(email="ann@example.com", consent=False)

        confirmation = ask(contact, by=lead)

        confirmation.refresh_from_db()
        assert (confirmation.mails, confirmation.sent_at) == (1, noon)
        [sent] = mail.outbox
        assert sent.to == ["ann@example.com"]
        assert f"/confirm/{token_make(confirmation)}" in sent.body
        assert "News, weekly." in sent.body
        assert status_of(contact) == "pending"
        assert exclusion() == "no_consent"
        assert AuditEvent.objects.get().action == "consent.pending"

    @pytest.mark.parametrize(
        ("contact", "change", "reason"),
        [
            ({"email": ""}, ASK, "no address"),
            ({}, ConsentChange(status=ConsentStatus.PENDING), "on what ground"),
            ({"email": "gone@example.com"}, ASK, "suppressed"),
            ({"consent": "subscribed"}, ASK, "agreed already"),
            ({}, ConsentChange(status=ConsentStatus.PENDING, channel="sms", basis="x"), "by e-mail only"),
            (
                {"consent": "unsubscribed"},
                ConsentChange(status=ConsentStatus.PENDING, topic="news", basis="x"),
                "left e-mail as a whole",
            ),
        ],
    )
    def test_who_cannot_be_asked_is_not_and_nothing_changes(self, ask, contact, change, reason):
        TopicFactory(key="news")
        SuppressionFactory(address="gone@example.com")
        contact = ContactFactory(**{"consent": False, **contact})
        before = status_of(contact)

        with pytest.raises(ConsentRefused, match=reason):
            ask(contact, change)

        assert status_of(contact) == before
        assert not Confirmation.objects.exists()
        assert mail.outbox == []

    def test_somebody_who_said_no_stays_unsubscribed_until_they_confirm(self, ask):
        contact = ContactFactory(consent="unsubscribed")

        ask(contact)

        assert status_of(contact) == "unsubscribed"
        assert not ConsentEvent.objects.exists()

    def test_asking_again_is_bounded(self, ask, noon):
        contact = ContactFactory(consent=False)
        ask(contact)
        with pytest.raises(ConsentRefused, match="asked just now"):
            ask(contact, at=noon + timedelta(minutes=9))
        for hours in (1, 2):
            ask(contact, at=noon + timedelta(hours=hours))

        with pytest.raises(ConsentRefused, match="asked 3 times"):
            ask(contact, at=noon + timedelta(hours=3))

        assert len(mail.outbox) == 3
        assert len({sent.body for sent in mail.outbox}) == 1
        assert ConsentEvent.objects.get().status == "pending"

    def test_after_a_week_they_may_be_asked_anew_and_only_the_new_link_is_good(self, ask, noon):
        contact = ContactFactory(consent=False)
        old = token_make(ask(contact))

        confirmation = ask(contact, at=noon + timedelta(days=8))

        assert services.confirmation_of(old) is None
        assert services.confirmation_of(token_make(confirmation)) == confirmation

    def test_a_mail_server_that_is_down_leaves_the_question_unsent(self, ask, noon, monkeypatch):
        class Down:
            def __init__(self, *args, **kwargs):
                pass

            def send_messages(self, mails):
                raise SMTPServerDisconnected

        monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend", Down)
        contact = ContactFactory(consent=False)

        ask(contact)

        assert Confirmation.objects.get().sent_at is None
        assert status_of(contact) == "pending"


def _expired(contact, noon):
    return noon + timedelta(days=7)


def _moved(contact, noon):
    services.contact_update(contact=contact, email="new@example.com", by=None, now=noon)


def _left(contact, noon):
    at = noon + timedelta(minutes=1)
    services.consent_record(contact=contact, change=UNSUBSCRIBE, by=None, now=at)


def _suppressed(contact, noon):
    SuppressionFactory(address=contact.email)


class TestConfirm:
    def test_subscribes_at_once_with_proof(self, ask, noon):
        contact = ContactFactory(consent=False)
        confirmation = ask(contact)

        assert services.confirmation_confirm(confirmation=confirmation, now=noon)

        proof = ConsentEvent.objects.get(status="subscribed")
        assert (proof.basis, proof.wording, proof.at, proof.by) == (
            "double opt-in",
            "News, weekly.",
            noon,
            None,
        )
        assert exclusion() == ""

    def test_the_same_link_again_changes_nothing_even_after_they_left(self, ask, noon):
        contact = ContactFactory(consent=False)
        confirmation = ask(contact)
        services.confirmation_confirm(confirmation=confirmation, now=noon)
        services.consent_record(contact=contact, change=UNSUBSCRIBE, by=None, now=noon)

        again = services.confirmation_confirm(confirmation=confirmation, now=noon + timedelta(hours=1))

        assert again is False
        assert status_of(contact) == "unsubscribed"

    @pytest.mark.parametrize(
        ("happens", "told"),
        [
            (_expired, "good for seven days"),
            (_moved, "another address"),
            (_left, "unsubscribed since"),
            (_suppressed, "not written to any more"),
        ],
    )
    def test_a_link_that_is_over_subscribes_nobody(self, ask, noon, happens, told):
        contact = ContactFactory(consent=False)
        confirmation = ask(contact)
        at = happens(contact, noon) or noon + timedelta(hours=1)

        with pytest.raises(ConfirmationOver, match=told):
            services.confirmation_confirm(confirmation=confirmation, now=at)

        assert status_of(contact) != "subscribed"
        assert Confirmation.objects.get().confirmed_at is None


class TestPage:
    @pytest.fixture
    def url(self, ask):
        self.contact = ContactFactory(consent=False)
        return reverse("contacts:confirm", args=[token_make(ask(self.contact, at=clock.now()))])

    def test_looking_changes_nothing(self, client, url):
        page = client.get(url)

        assert "News, weekly." in page.content.decode()
        assert status_of(self.contact) == "pending"

    def test_the_button_confirms_without_cookie_or_sign_in(self, url):
        client = Client(enforce_csrf_checks=True)

        pages = [client.post(url, REMOTE_ADDR="203.0.113.7") for _time in range(2)]
        assert ConsentEvent.objects.get(status="subscribed").network == "203.0.113.7"

        assert [page.status_code for page in pages] == [HTTPStatus.OK] * 2
        assert pages[0].cookies == {}
        assert "that is confirmed" in pages[1].content.decode()
        assert status_of(self.contact) == "subscribed"
        assert ConsentEvent.objects.filter(status="subscribed").count() == 1

    def test_a_link_that_is_over_says_so(self, client, url):
        Confirmation.objects.update(expires_at="2020-01-01T00:00Z")

        for page in (client.get(url), client.post(url)):
            assert page.status_code == HTTPStatus.GONE
            assert "Ask us for a new one." in page.content.decode()
        assert status_of(self.contact) == "pending"

    @pytest.mark.parametrize("token", ["x", "1-1.forged", "1-1"])
    def test_a_token_that_we_never_made_is_not_found(self, client, token):
        assert client.get(reverse("contacts:confirm", args=[token])).status_code == HTTPStatus.NOT_FOUND


class TestOffered:
    def test_when_a_contact_is_added_by_hand(self, login, django_capture_on_commit_callbacks):
        client = login(UserFactory(role="marketer"))
        told = {"email": "ann@example.com", "consent": "pending", "basis": "asked at the fair"}

        with django_capture_on_commit_callbacks(execute=True):
            client.post(reverse("contacts:create"), told)

        assert status_of(Contact.objects.get()) == "pending"
        assert mail.outbox[0].to == ["ann@example.com"]
        assert "I want to get e-mails." in mail.outbox[0].body

    def test_without_a_ground_nobody_is_added(self, login):
        client = login(UserFactory(role="marketer"))

        page = client.post(reverse("contacts:create"), {"email": "ann@example.com", "consent": "pending"})

        assert "basis" in page.context["form"].errors
        assert not Contact.objects.exists()

    def test_on_the_contacts_page_with_a_button_to_ask_again(self, login, django_capture_on_commit_callbacks):
        contact = ContactFactory(consent=False)
        client = login(UserFactory(role="marketer"))

        with django_capture_on_commit_callbacks(execute=True):
            client.post(
                reverse("contacts:consent", args=[contact.pk]), {"status": "pending", "basis": "letter"}
            )
        again = reverse("contacts:confirmation-again", args=[Confirmation.objects.get().pk])
        page = client.get(reverse("contacts:detail", args=[contact.pk]))
        refused = client.post(again, follow=True)

        assert again in page.content.decode()
        assert "asked just now" in refused.content.decode()
        assert len(mail.outbox) == 1

    def test_over_the_api(self, api, django_capture_on_commit_callbacks):
        TopicFactory(key="news", name="the news")
        client = api(UserFactory(role="integration"))
        consent = {"status": "pending", "topic": "news", "basis": "shop"}

        with django_capture_on_commit_callbacks(execute=True):
            response = client.post(
                "/api/v1/contacts/", {"email": "ann@example.com", "consent": consent}, format="json"
            )

        assert response.status_code == HTTPStatus.CREATED
        assert response.json()["consent"][0]["status"] == "pending"
        assert "I want to get e-mails about the news." in mail.outbox[0].body


def test_an_import_never_subscribes_somebody_who_left_and_is_asked_again(ask, run):
    contact = ContactFactory(email="no@example.com", consent="unsubscribed")
    ask(contact)

    run("email\nno@example.com\n", consent={"basis": "contract", "source": "shop", "wording": "Yes"})

    assert status_of(contact) == "unsubscribed"
    assert ConsentEvent.objects.count() == 0
