import re
from datetime import UTC, datetime
from http import HTTPStatus

import pytest
from django.urls import reverse

from apps.accounts import services
from apps.accounts.models import ApiToken, Invitation, User
from apps.core import clock
from tests.factories.accounts import ApiTokenFactory, InvitationFactory, UserFactory

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def boss(login):
    """A signed-in administrator's client."""
    return login(UserFactory(role=User.Role.ADMINISTRATOR, name="Ada"))


def test_the_first_administrator_is_told_to_invite_people_and_to_add_a_sender(boss):
    steps = [shown.step.url_name for shown in boss.get(reverse("home")).context["steps"]]
    InvitationFactory()
    after = {shown.step.url_name: shown.is_done for shown in boss.get(reverse("home")).context["steps"]}

    assert steps[0] == "accounts:invite"
    assert "messaging:sender-create" in steps
    assert after["accounts:invite"]


class TestPeople:
    def test_shows_a_page_to_a_browser_and_a_fragment_to_htmx(self, boss):
        UserFactory(name="Nell")

        page, fragment = (
            boss.get(reverse("accounts:people")),
            boss.get(reverse("accounts:people"), headers=HTMX),
        )

        assert b"<html" in page.content
        assert b"<html" not in fragment.content
        for response in (page, fragment):
            assert b"Nell" in response.content

    def test_can_be_searched_and_filtered(self, boss):
        UserFactory(name="Nell", role=User.Role.SALES)
        UserFactory(name="Nelson", is_active=False)

        found = boss.get(reverse("accounts:people"), {"q": "nel", "role": "sales", "active": "yes"}).content

        assert b"Nell" in found
        assert b"Nelson" not in found

    def test_costs_the_same_for_one_and_for_many(self, boss, django_assert_num_queries):
        UserFactory.create_batch(20)

        with django_assert_num_queries(3):  # session, user, people
            boss.get(reverse("accounts:people"))


class TestPerson:
    def test_a_refused_change_says_why_and_changes_nothing(self, boss):
        ada = User.objects.get(name="Ada")

        response = boss.post(reverse("accounts:person-role", args=[ada.pk]), {"role": "sales"})

        assert b"This is the last administrator." in response.content
        ada.refresh_from_db()
        assert ada.role == "administrator"

    def test_deactivation_names_its_consequence_before(self, boss):
        user = UserFactory()
        ApiTokenFactory.create_batch(2, user=user)

        page = boss.get(reverse("accounts:person", args=[user.pk]))

        assert b"2 API tokens stop working." in page.content

    def test_someone_can_be_shut_out_and_let_in_again(self, boss):
        user = UserFactory()

        boss.post(reverse("accounts:person-deactivate", args=[user.pk]))
        assert not User.objects.get(pk=user.pk).is_active

        boss.post(reverse("accounts:person-reactivate", args=[user.pk]))
        assert User.objects.get(pk=user.pk).is_active


class TestInvite:
    def test_sends_a_mail_and_lists_the_invitation(self, boss, mailoutbox):
        form = {"email": "nell@bookend.example", "role": "sales", "message": ""}

        page = boss.post(reverse("accounts:invite"), form, follow=True)

        assert b"is on its way to nell@bookend.example" in page.content
        assert [mail.to for mail in mailoutbox] == [["nell@bookend.example"]]

    def test_sent_twice_invites_once_and_keeps_what_was_typed(self, boss, mailoutbox):
        form = {"email": "nell@bookend.example", "role": "sales", "message": "Come!"}

        boss.post(reverse("accounts:invite"), form)
        again = boss.post(reverse("accounts:invite"), form)

        assert b"is invited already" in again.content
        assert b"Come!" in again.content
        assert len(mailoutbox) == Invitation.objects.count() == 1

    def test_sending_again_makes_another_link(self, boss, mailoutbox):
        resend, seen = self.button(boss, InvitationFactory(secret="old"))

        boss.post(resend, {"seen": seen})

        assert "/invitation/old/" not in mailoutbox[0].body
        assert boss.get(reverse("accounts:invitation", args=["old"])).status_code == HTTPStatus.NOT_FOUND

    @pytest.mark.parametrize("sent_at", [None, datetime(2030, 2, 28, tzinfo=UTC)])
    def test_sending_again_twice_mails_once_and_that_link_stays_good(self, boss, mailoutbox, sent_at):
        resend, seen = self.button(boss, InvitationFactory(sent_at=sent_at))

        boss.post(resend, {"seen": seen})
        again = boss.post(resend, {"seen": seen}, follow=True)

        (mail,) = mailoutbox
        (path,) = re.findall(r"/invitation/[^/]+/", mail.body)
        assert b"was sent a new link meanwhile." in again.content
        assert boss.get(path).status_code == HTTPStatus.OK

    def test_looked_at_anew_it_is_sent_once_more(self, boss, mailoutbox):
        invitation = InvitationFactory()

        for _time in range(2):
            resend, seen = self.button(boss, invitation)
            boss.post(resend, {"seen": seen})

        assert len(mailoutbox) == 2

    @pytest.mark.parametrize("seen", ["", "yesterday"])
    def test_sending_again_without_having_looked_mails_nothing(self, boss, mailoutbox, seen):
        resend, _seen = self.button(boss, InvitationFactory())

        response = boss.post(resend, {"seen": seen}, follow=True)

        assert b"Look at the invitation again" in response.content
        assert mailoutbox == []

    def button(self, client, invitation):
        """Return what the button beside an invitation sends, and where."""
        page = client.get(reverse("accounts:invitations")).content.decode()
        (seen,) = re.findall(r'name="seen" value="([^"]+)"', page)
        return reverse("accounts:invitation-resend", args=[invitation.pk]), seen


class TestAccept:
    FORM = {"name": "Nell", "timezone": "UTC", "password": "correct horse", "again": "correct horse"}

    @pytest.fixture
    def door(self):
        InvitationFactory(secret="key", email="nell@bookend.example", created_at=clock.now())
        return reverse("accounts:invitation", args=["key"])

    def test_lets_the_invited_in_and_straight_home(self, client, door):
        response = client.post(door, self.FORM, follow=True)

        assert response.redirect_chain == [("/", 302)]
        assert response.context["user"].email == "nell@bookend.example"

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"again": "other horse"}, b"The two passwords differ."),
            ({"password": "short", "again": "short"}, b"too short"),
            ({"password": "password123", "again": "password123"}, b"too common"),
            ({"password": "nell@bookend", "again": "nell@bookend"}, b"too similar"),
            ({"timezone": "Mars/Olympus"}, b"Mars/Olympus is not one of the available choices"),
        ],
    )
    def test_a_refusal_stands_beside_the_field_and_makes_no_account(self, client, door, change, reason):
        response = client.post(door, self.FORM | change)

        assert reason in response.content
        assert b'value="Nell"' in response.content
        assert not User.objects.filter(email="nell@bookend.example").exists()

    def test_a_link_that_is_over_says_so(self, client, noon):
        InvitationFactory(secret="late", created_at=noon.replace(year=2020))

        response = client.get(reverse("accounts:invitation", args=["late"]))

        assert response.status_code == HTTPStatus.GONE
        assert b"not good any more" in response.content

    def test_a_wrong_link_is_not_found(self, client):
        assert client.get(reverse("accounts:invitation", args=["guess"])).status_code == HTTPStatus.NOT_FOUND


class TestProfile:
    def test_can_be_changed(self, login):
        user = UserFactory()

        login(user).post(reverse("accounts:profile"), {"name": "Nell", "timezone": "Asia/Tokyo"})

        user.refresh_from_db()
        assert (user.name, user.timezone) == ("Nell", "Asia/Tokyo")

    def test_times_are_shown_in_its_zone(self, login):
        user = UserFactory(timezone="Asia/Tokyo")

        page = login(user).get(reverse("accounts:profile"))

        assert page.status_code == HTTPStatus.OK


class TestTokens:
    FORM = {"name": "Shop", "lifetime": "30", "chosen": ["contacts:write"], "once": "11111111"}

    def test_a_new_token_is_shown_once(self, login):
        client = login(UserFactory())

        first = client.post(reverse("accounts:tokens"), self.FORM, follow=True).content.decode()
        second = client.get(reverse("accounts:tokens")).content.decode()

        secret = first.split("bkd_live_")[1].split("<")[0]
        assert services.token_use(f"bkd_live_{secret}").scopes == ["contacts:write"]
        assert secret not in second

    def test_the_same_form_sent_twice_makes_one(self, login):
        client = login(UserFactory())

        answers = [client.post(reverse("accounts:tokens"), self.FORM) for _ in range(2)]

        assert [answer.headers["Location"] for answer in answers] == [reverse("accounts:tokens")] * 2
        assert ApiToken.objects.count() == 1

    def test_one_can_be_revoked_by_its_owner(self, login):
        token = ApiTokenFactory()

        login(token.user).post(reverse("accounts:token-revoke", args=[token.pk]))

        token.refresh_from_db()
        assert token.revoked_at

    def test_someone_elses_is_not_there(self, login):
        token = ApiTokenFactory()

        response = login(UserFactory()).post(reverse("accounts:token-revoke", args=[token.pk]))

        assert response.status_code == HTTPStatus.NOT_FOUND
        token.refresh_from_db()
        assert token.revoked_at is None
