import pytest
from django.db import IntegrityError, transaction

from apps.collaboration.models import AuditEvent
from apps.contacts import services
from apps.contacts.models import Consent, ConsentEvent, ConsentStatus, Contact, Exclusion, Suppression
from apps.contacts.services import ConsentChange, ConsentRefused
from tests.factories.contacts import ConsentFactory, ContactFactory, SuppressionFactory

pytestmark = pytest.mark.django_db

SUBSCRIBE = ConsentChange(status=ConsentStatus.SUBSCRIBED, basis="form", source="/f/news")
UNSUBSCRIBE = ConsentChange(status=ConsentStatus.UNSUBSCRIBED, basis="asked by telephone")


class TestConsentRecord:
    def test_appends_to_the_ledger_and_moves_where_the_contact_stands(self, lead, noon):
        contact = ContactFactory(consent=False)

        services.consent_record(contact=contact, change=SUBSCRIBE, by=lead, now=noon)
        services.consent_record(contact=contact, change=UNSUBSCRIBE, by=lead, now=noon)

        assert Consent.objects.get().status == "unsubscribed"
        assert list(ConsentEvent.objects.order_by("pk").values_list("status", "basis", "by")) == [
            ("subscribed", "form", lead.pk),
            ("unsubscribed", "asked by telephone", lead.pk),
        ]
        assert list(AuditEvent.objects.order_by("pk").values_list("action", flat=True)) == [
            "consent.subscribed",
            "consent.unsubscribed",
        ]

    def test_what_a_line_says_is_never_changed_though_it_may_go_to_another_contact(self, noon):
        services.consent_record(contact=ContactFactory(consent=False), change=SUBSCRIBE, by=None, now=noon)
        kept = ContactFactory(consent=False)

        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            ConsentEvent.objects.update(wording="I agree to everything.")
        ConsentEvent.objects.update(contact=kept)

        assert ConsentEvent.objects.get().wording == ""
        assert kept.consent_events.count() == 1

    def test_the_same_again_writes_nothing(self, noon):
        contact = ContactFactory()

        assert services.consent_record(contact=contact, change=SUBSCRIBE, by=None, now=noon) is None
        assert not ConsentEvent.objects.exists()

    @pytest.mark.parametrize(
        ("contact", "change", "reason"),
        [
            ({}, ConsentChange(status=ConsentStatus.SUBSCRIBED), "Say on what ground"),
            ({"email": ""}, SUBSCRIBE, "no address"),
            ({"email": "gone@example.com"}, SUBSCRIBE, "suppressed"),
        ],
    )
    def test_nobody_is_subscribed_without_ground_or_address(self, noon, contact, change, reason):
        SuppressionFactory(address="gone@example.com")
        contact = ContactFactory(consent=False, **contact)

        with pytest.raises(ConsentRefused, match=reason):
            services.consent_record(contact=contact, change=change, by=None, now=noon)

        assert not Consent.objects.exists()
        assert not ConsentEvent.objects.exists()


class TestConsentsImport:
    def test_subscribes_only_those_who_never_said_no(self, lead, noon):
        new, yes = ContactFactory(consent=False), ContactFactory()
        no, no_topic = ContactFactory(consent="unsubscribed"), ContactFactory(consent=False)
        ConsentFactory(contact=no_topic, topic="news", status="unsubscribed")
        ids = [contact.pk for contact in (new, yes, no, no_topic)]

        for topic in ("", "news"):
            change = ConsentChange(status=ConsentStatus.SUBSCRIBED, topic=topic, basis="contract")
            services.consents_import(ids=ids, change=change, by=lead, now=noon)

        assert set(Consent.objects.values_list("contact", "topic", "status")) == {
            (new.pk, "", "subscribed"),
            (new.pk, "news", "subscribed"),
            (yes.pk, "", "subscribed"),
            (yes.pk, "news", "subscribed"),
            (no.pk, "", "unsubscribed"),
            (no_topic.pk, "", "subscribed"),
            (no_topic.pk, "news", "unsubscribed"),
        }
        assert ConsentEvent.objects.count() == 4

    def test_may_unsubscribe(self, noon):
        contact = ContactFactory()

        services.consents_import(ids=[contact.pk], change=UNSUBSCRIBE, by=None, now=noon)

        assert Consent.objects.get().status == "unsubscribed"


class TestSuppression:
    def test_is_added_once_and_keeps_its_first_reason(self, noon):
        first = services.suppression_add(
            address="Ann@Example.com", reason=Suppression.Reason.COMPLAINED, by=None, now=noon
        )
        second = services.suppression_add(
            address="ann@example.com", reason=Suppression.Reason.BY_HAND, by=None, now=noon
        )

        assert first == second
        assert Suppression.objects.get().reason == "complained"
        assert AuditEvent.objects.get().action == "suppression.added"

    def test_is_lifted_by_a_person_with_a_reason(self, lead, noon):
        suppression = SuppressionFactory()

        with pytest.raises(ConsentRefused, match="Say why"):
            services.suppression_lift(suppression=suppression, why=" ", by=lead, now=noon)
        services.suppression_lift(suppression=suppression, why="Wrong address", by=lead, now=noon)

        assert not Suppression.objects.exists()
        assert AuditEvent.objects.get().details == {"why": "Wrong address"}


class TestEmailExclusion:
    def excluded(self, topic=""):
        return Contact.objects.with_exclusion(topic=topic).values_list("exclusion", flat=True).get()

    def test_nothing_speaks_against_a_subscriber(self):
        ContactFactory()

        assert self.excluded() == self.excluded("news") == ""

    @pytest.mark.parametrize(
        ("given", "exclusion"),
        [
            ({"erased_at": "2030-01-01T00:00Z"}, Exclusion.ERASED),
            ({"email": ""}, Exclusion.NO_ADDRESS),
            ({"email": "gone@example.com"}, Exclusion.SUPPRESSED),
            ({"consent": False}, Exclusion.NO_CONSENT),
            ({"consent": "pending"}, Exclusion.NO_CONSENT),
            ({"consent": "unsubscribed"}, Exclusion.NO_CONSENT),
        ],
    )
    def test_each_reason_is_told(self, given, exclusion):
        SuppressionFactory(address="gone@example.com")
        ContactFactory(**given)

        assert self.excluded() == exclusion

    @pytest.mark.parametrize(
        ("channel", "topic", "exclusion"),
        [
            ("subscribed", "unsubscribed", Exclusion.NO_CONSENT),
            ("unsubscribed", "subscribed", Exclusion.NO_CONSENT),
            (False, "subscribed", ""),
            ("subscribed", "pending", ""),
        ],
    )
    def test_no_to_the_topic_or_to_the_channel_is_no(self, channel, topic, exclusion):
        contact = ContactFactory(consent=channel)
        ConsentFactory(contact=contact, topic="news", status=topic)

        assert self.excluded("news") == exclusion


@pytest.mark.parametrize("stands", ["subscribed", "unsubscribed"])
def test_pending_is_for_those_who_have_not_said_anything(noon, stands):
    contact = ContactFactory(consent=False)
    ConsentFactory(contact=contact, channel="email", topic="", status=stands)
    change = ConsentChange(status=ConsentStatus.PENDING, basis="list", wording="w")

    services.consents_import(ids=[contact.pk], change=change, by=None, now=noon)

    assert Consent.objects.get().status == stands
    assert services.consent_record(contact=contact, change=change, by=None, now=noon) is None
