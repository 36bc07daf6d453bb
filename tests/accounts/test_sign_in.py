"""Sign-in as this product uses it: by e-mail, by invitation only, slow to those who guess."""

import re
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from apps.accounts import services
from apps.accounts.models import User
from apps.collaboration.models import AuditEvent
from apps.core import clock, secrets

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def nobody_has_guessed_yet():
    cache.clear()


@pytest.fixture
def nell():
    return User.objects.create_user("nell@bookend.example", PASSWORD, name="Nell")


def sign_in(client, email="nell@bookend.example", password=PASSWORD, **more):
    return client.post(reverse("account_login"), {"login": email, "password": password, **more})


def is_in(client):
    return client.get(reverse("home")).status_code == HTTPStatus.OK


class TestSignIn:
    @pytest.mark.parametrize("email", ["nell@bookend.example", "Nell@Bookend.example"])
    def test_by_address_in_any_case(self, client, nell, email):
        response = sign_in(client, email)

        assert response.headers["Location"] == reverse("home")
        assert is_in(client)

    def test_leads_to_the_page_that_was_asked_for_and_to_no_other_host(self, client, nell):
        asked = client.get(reverse("accounts:profile"))
        response = client.post(asked.headers["Location"], {"login": nell.email, "password": PASSWORD})
        assert response.headers["Location"] == reverse("accounts:profile")

        lured = Client().post(
            reverse("account_login") + "?next=https://evil.example/",
            {"login": nell.email, "password": PASSWORD},
        )
        assert lured.headers["Location"] == reverse("home")

    @pytest.mark.parametrize(
        ("headers", "back"),
        [
            ({"Referer": "http://testserver/contacts/7/?tab=1#top"}, "/contacts/7/?tab=1"),
            ({"HX-Request": "true", "HX-Current-URL": "http://testserver/segments/new/"}, "/segments/new/"),
            ({"Referer": "https://evil.example/contacts/"}, "/segments/preview/"),
            ({"Referer": "http://testserver.evil.example/"}, "/segments/preview/"),
            ({}, "/segments/preview/"),
        ],
    )
    def test_after_an_act_it_leads_to_the_page_that_the_act_stood_on(self, client, headers, back):
        asked = client.post(reverse("segments:preview"), headers=headers)

        assert parse_qs(urlsplit(asked.headers["Location"]).query) == {"next": [back]}

    def test_wrong_password_and_unknown_address_get_the_same_answer(self, client, nell):
        wrong = sign_in(client, password="wrong")
        unknown = sign_in(client, "nobody@bookend.example")

        told = [
            re.search(r'role="alert".*?</div>', page.content.decode(), re.S)[0] for page in (wrong, unknown)
        ]
        assert told[0] == told[1]
        assert not is_in(client)

    def test_someone_deactivated_stays_outside(self, client, nell):
        nell.is_active = False
        nell.save()

        sign_in(client)

        assert not is_in(client)

    def test_after_five_wrong_guesses_even_the_right_password_waits(self, client, nell):
        for _ in range(5):
            sign_in(client, password="wrong")

        response = sign_in(client)

        assert b"Too many failed login attempts" in response.content
        assert not is_in(client)

    def test_without_being_remembered_it_ends_with_the_browser(self, client, nell):
        assert sign_in(client).cookies["sessionid"]["max-age"] == ""
        assert sign_in(Client(), remember="on").cookies["sessionid"]["max-age"] == 14 * 24 * 3600

    def test_the_cookie_is_kept_from_scripts_and_other_sites(self, client, nell):
        cookie = sign_in(client).cookies["sessionid"]

        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"

    def test_signing_out_needs_a_post_and_ends_the_session(self, client, nell):
        sign_in(client)
        client.get(reverse("account_logout"))
        assert is_in(client)

        client.post(reverse("account_logout"))
        assert not is_in(client)
        assert not Session.objects.filter(session_key=client.session.session_key).exists()


class TestPassword:
    def test_changing_it_ends_every_other_session(self, client, nell):
        elsewhere = Client()
        sign_in(client)
        sign_in(elsewhere)

        client.post(
            reverse("account_change_password"),
            {"oldpassword": PASSWORD, "password1": "another long one", "password2": "another long one"},
        )

        assert is_in(client)
        assert not is_in(elsewhere)
        assert AuditEvent.objects.filter(action="password.changed", by=nell).count() == 1

    def test_a_weak_one_is_refused(self, client, nell):
        sign_in(client)

        page = client.post(
            reverse("account_change_password"),
            {"oldpassword": PASSWORD, "password1": "short", "password2": "short"},
        )

        assert b"too short" in page.content
        nell.refresh_from_db()
        assert nell.check_password(PASSWORD)

    def test_forgotten_it_is_set_through_a_mailed_link_that_works_once(self, client, nell, mailoutbox):
        sign_in(client)
        client.post(reverse("account_reset_password"), {"email": nell.email})
        link = re.search(r"https?://[^/]+(/\S+)", mailoutbox[0].body)[1]
        stranger = Client()
        form = stranger.get(link, follow=True)
        new = {"password1": "another long one", "password2": "another long one"}

        stranger.post(form.redirect_chain[-1][0], new)

        nell.refresh_from_db()
        assert nell.check_password("another long one")
        assert not is_in(client)
        assert AuditEvent.objects.filter(action="password.reset", by=nell).count() == 1
        assert b"password1" not in Client().get(link, follow=True).content

    def test_asking_for_an_unknown_address_tells_nothing(self, client, nell):
        answers = [
            client.post(reverse("account_reset_password"), {"email": email})
            for email in (nell.email, "nobody@bookend.example")
        ]

        assert answers[0].headers["Location"] == answers[1].headers["Location"]


class TestNoSignUp:
    @pytest.mark.parametrize(
        "path", ["signup/", "email/", "confirm-email/", "password/set/", "login/code/confirm/"]
    )
    @pytest.mark.parametrize("method", ["get", "post"])
    def test_these_doors_are_shut(self, login, nell, path, method):
        response = getattr(login(nell), method)(f"/accounts/{path}")

        assert response.status_code == HTTPStatus.NOT_FOUND


class TestSecondFactor:
    @pytest.fixture
    def code(self, nell):
        """Turn the second factor on, and return what the phone shows now."""
        secret = "JBSWY3DPEHPK3PXP"
        Authenticator.objects.create(
            user=nell, type=Authenticator.Type.TOTP, data={"secret": secrets.seal(secret)}
        )
        counter = next(iter(yield_hotp_counters_from_time()))
        return format_hotp_value(hotp_value(secret, counter))

    @pytest.mark.django_db(transaction=True)  # allauth tells of it after the commit
    def test_is_turned_on_by_those_who_know_the_password(self, client, nell):
        sign_in(client)
        asked_again = client.get(reverse("mfa_activate_totp"))
        client.post(asked_again.headers["Location"], {"password": PASSWORD})
        page = client.get(reverse("mfa_activate_totp"))
        secret = page.context["form"].secret
        counter = next(iter(yield_hotp_counters_from_time()))

        code = format_hotp_value(hotp_value(secret, counter))
        client.post(reverse("mfa_activate_totp"), {"code": code})

        kept = Authenticator.objects.get(type=Authenticator.Type.TOTP)
        assert secret not in str(kept.data)
        assert secrets.unseal(kept.data["secret"]) == secret
        assert AuditEvent.objects.filter(action="second_factor.added", by=nell).exists()

    def test_is_asked_before_anyone_is_in(self, client, nell, code):
        response = sign_in(client)
        assert response.headers["Location"] == reverse("mfa_authenticate")
        assert not is_in(client)

        client.post(reverse("mfa_authenticate"), {"code": code})
        assert is_in(client)

    def test_failures_are_counted_per_account(self, nell, code):
        for _ in range(5):
            guesser = Client()
            sign_in(guesser)
            guesser.post(reverse("mfa_authenticate"), {"code": "000000"})
        client = Client()
        sign_in(client)

        client.post(reverse("mfa_authenticate"), {"code": code})

        assert not is_in(client)

    def test_guards_the_admin_too(self, client, nell, code):
        nell.role = User.Role.ADMINISTRATOR
        nell.save()
        sign_in(client)

        assert client.get(reverse("admin:index")).status_code == HTTPStatus.FOUND


def test_sessions_that_have_ended_are_forgotten(client, nell):
    sign_in(client)
    ended = clock.now().replace(year=2020)
    Session.objects.create(session_key="old", session_data="", expire_date=ended)

    assert services.sessions_forget(now=clock.now()) == 1
    assert is_in(client)
