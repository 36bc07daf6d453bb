"""What tells people apart is chosen before anything is taken, and stays once people have come in by it."""

from base64 import b64encode
from http import HTTPStatus

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.collaboration.models import AuditEvent
from apps.contacts.models import Contact, Event, Identity
from apps.integrations import services
from apps.integrations.models import IdentityScheme, Source
from apps.integrations.services import SchemeFixed, SchemeRefused, sources
from tests.factories.accounts import UserFactory
from tests.factories.contacts import ContactFactory, IdentityFactory
from tests.factories.integrations import IdentitySchemeFactory, SourceFactory

pytestmark = pytest.mark.django_db
SCHEME = reverse("integrations:scheme")


@pytest.fixture
def data_lead():
    return UserFactory(role=User.Role.DATA_LEAD)


def track(source, **told):
    basic = b64encode(f"{source.key}:".encode()).decode()
    body = {"userId": "4711", "event": "e", "messageId": "1", **told}
    headers = {"authorization": f"Basic {basic}"}
    return Client().post("/v1/track", body, content_type="application/json", headers=headers)


@pytest.fixture
def source():
    """A source that nothing is taken from yet; the factory forgets the key once it is made."""
    made = SourceFactory(scheme=False, key="bkw_shop")
    made.key = "bkw_shop"
    return made


class TestIngest:
    @pytest.mark.parametrize("strict", [{}, {"X-Strict-Mode": "1"}])
    def test_answers_409_and_keeps_nothing_until_it_is_chosen(self, source, strict):
        response = track(source, **strict)

        assert response.status_code == HTTPStatus.CONFLICT
        assert response.json()["code"] == "no_identity_scheme"
        assert not Event.objects.exists()
        assert not Contact.objects.exists()
        assert Source.objects.get().heard_at is None

    def test_user_ids_are_kept_in_the_namespace_that_was_chosen(self, source):
        IdentitySchemeFactory(namespace="crm")
        known = IdentityFactory(contact=ContactFactory(), namespace="crm", value="4711")
        IdentityFactory(contact=ContactFactory(), namespace="user", value="4711")

        assert track(source).status_code == HTTPStatus.OK

        assert Event.objects.get().contact_id == known.contact_id

    def test_an_address_does_not_lead_to_whoever_has_another_user_id(self, source):
        IdentitySchemeFactory(namespace="crm")
        other = IdentityFactory(contact=ContactFactory(email=""), namespace="crm", value="1")
        IdentityFactory(contact=other.contact, namespace="email", value="ann@example.com")
        basic = b64encode(b"bkw_shop:").decode()

        Client().post(
            "/v1/identify",
            {"userId": "2", "traits": {"email": "ann@example.com"}},
            content_type="application/json",
            headers={"authorization": f"Basic {basic}"},
        )

        assert Identity.objects.get(namespace="crm", value="2").contact_id != other.contact_id
        assert Identity.objects.get(namespace="email", value="ann@example.com").contact_id == other.contact_id

    def test_a_choice_between_the_look_and_the_first_message_holds_for_it(
        self, source, lead, noon, monkeypatch
    ):
        services.scheme_choose(namespace="user", by=lead, now=noon)
        real = sources._first_heard

        def chosen_meanwhile(pk):
            services.scheme_choose(namespace="crm", by=lead, now=noon)
            return real(pk)

        monkeypatch.setattr(sources, "_first_heard", chosen_meanwhile)
        track(source)

        assert Identity.objects.get().namespace == "crm"
        with pytest.raises(SchemeFixed):
            services.scheme_choose(namespace="user", by=lead, now=noon)


class TestChoose:
    def test_can_be_changed_until_a_source_is_heard(self, noon, lead, data_lead, source):
        services.scheme_choose(namespace="user", by=lead, now=noon)
        services.scheme_choose(namespace=" crm ", by=data_lead, now=noon)

        chosen = IdentityScheme.objects.get()
        assert (chosen.namespace, chosen.by, chosen.at) == ("crm", data_lead, noon)
        acts = AuditEvent.objects.filter(action="identityscheme.chosen").order_by("pk")
        assert [act.details for act in acts] == [{"namespace": "user"}, {"namespace": "crm"}]

        track(source)
        with pytest.raises(SchemeFixed, match="People have come in as “crm” already"):
            services.scheme_choose(namespace="user", by=lead, now=noon)
        assert IdentityScheme.objects.get().namespace == "crm"

    def test_the_same_again_changes_nothing(self, noon, lead, source):
        services.scheme_choose(namespace="crm", by=lead, now=noon)
        track(source)

        services.scheme_choose(namespace="crm", by=None, now=noon)

        assert IdentityScheme.objects.get().by == lead
        assert AuditEvent.objects.filter(action="identityscheme.chosen").count() == 1

    @pytest.mark.parametrize("namespace", ["", "email", "anonymous", "Customer id", "9", "x" * 33])
    def test_refuses_what_is_no_namespace_or_means_something_else(self, noon, lead, namespace):
        with pytest.raises(SchemeRefused):
            services.scheme_choose(namespace=namespace, by=lead, now=noon)

        assert not IdentityScheme.objects.exists()


class TestPages:
    def test_the_sources_ask_for_it_first_and_whoever_may_chooses(self, login, data_lead):
        sources = reverse("integrations:source-list")
        assert "First choose what tells people apart" in login(data_lead).get(sources).content.decode()

        page = login(data_lead).post(SCHEME, {"namespace": "crm"}, follow=True).content.decode()

        assert "<code>crm</code>" in page
        assert "First choose" not in page

    def test_others_are_told_who_has_to(self, login):
        marketer = UserFactory(role=User.Role.MARKETER)

        page = login(marketer).get(reverse("integrations:source-list")).content.decode()

        assert "A data lead has to choose first" in page
        assert SCHEME not in page

    def test_what_cannot_be_is_said_beside_the_field(self, login, data_lead):
        response = login(data_lead).post(SCHEME, {"namespace": "email"})

        assert response.context["form"].errors == {"namespace": ["“email” is kept for something else."]}

    def test_once_people_came_in_it_is_only_shown(self, login, data_lead, source):
        IdentitySchemeFactory(namespace="crm")
        track(source)

        page = login(data_lead).get(SCHEME).content.decode()

        assert "so it stays" in page
        assert "Choose it" not in page


class TestApi:
    def test_is_read_and_chosen_by_programs(self, api, data_lead, source):
        program, url = (
            api(data_lead, "event-sources:write", "event-sources:read"),
            "/api/v1/event-sources/scheme/",
        )
        assert program.get(url).status_code == HTTPStatus.NOT_FOUND

        chosen = program.put(url, {"namespace": "crm"}, format="json")

        assert chosen.json()["namespace"] == "crm"
        assert program.get(url).json() == chosen.json()
        track(source)
        refused = program.put(url, {"namespace": "user"}, format="json")
        assert refused.status_code == HTTPStatus.CONFLICT


def test_a_source_adds_an_address_and_does_not_change_the_one_that_is_written_to(source):
    IdentitySchemeFactory()
    contact = ContactFactory(email="ann@example.com")
    basic = b64encode(b"bkw_shop:").decode()
    for email in ("ann@example.com", "me@evil.example"):
        Client().post(
            "/v1/identify",
            {"userId": "evil1", "traits": {"email": email}},
            content_type="application/json",
            headers={"authorization": f"Basic {basic}"},
        )

    contact.refresh_from_db()
    assert contact.email == "ann@example.com"
    assert contact.identities.filter(value="me@evil.example").exists()
