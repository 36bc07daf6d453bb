from datetime import timedelta

import psycopg
import pytest
from allauth.mfa.models import Authenticator
from django.db import connection

from apps.accounts import services, tokens
from apps.accounts.models import Invitation, User
from apps.collaboration.models import AuditEvent
from tests.factories.accounts import ApiTokenFactory, InvitationFactory, UserFactory
from tests.locks import hasty

pytestmark = pytest.mark.django_db
Role = User.Role


@pytest.fixture
def boss():
    return UserFactory(role=Role.ADMINISTRATOR, name="Ada")


class TestUserRoleChange:
    def test_holds_from_now_on_and_is_on_record(self, noon, boss):
        user = UserFactory(role=Role.SALES)

        services.user_role_change(user=user, role=Role.EXECUTIVE, by=boss, now=noon)

        user.refresh_from_db()
        event = AuditEvent.objects.get()
        assert user.role == Role.EXECUTIVE
        assert (event.action, event.by) == ("user.role_changed", boss)
        assert event.details == {"from": "sales", "to": "executive"}

    def test_of_two_administrators_one_may_go(self, noon, boss):
        other = UserFactory(role=Role.ADMINISTRATOR)

        services.user_role_change(user=boss, role=Role.SALES, by=other, now=noon)

        assert User.objects.administrators().get() == other

    def test_the_same_role_again_is_no_act(self, noon, boss):
        services.user_role_change(user=boss, role=boss.role, by=boss, now=noon)

        assert not AuditEvent.objects.exists()


class TestTheLastAdministrator:
    @pytest.mark.parametrize("others", [[], [{"is_active": False}]])
    def test_cannot_step_down(self, noon, boss, others):
        for other in others:
            UserFactory(role=Role.ADMINISTRATOR, **other)

        with pytest.raises(services.PersonNotChangeable, match="last administrator"):
            services.user_role_change(user=boss, role=Role.SALES, by=boss, now=noon)

        boss.refresh_from_db()
        assert boss.role == Role.ADMINISTRATOR

    def test_cannot_be_deactivated(self, noon, boss):
        with pytest.raises(services.PersonNotChangeable, match="last administrator"):
            services.user_deactivate(user=boss, by=UserFactory(), now=noon)

        boss.refresh_from_db()
        assert boss.is_active

    @pytest.mark.django_db(transaction=True)
    def test_two_who_demote_each_other_at_once_wait_for_each_other(self, noon, boss):
        other = UserFactory(role=Role.ADMINISTRATOR)
        with psycopg.connect(**connection.get_connection_params()) as elsewhere:
            elsewhere.execute("SELECT 1 FROM accounts_user WHERE id = %s FOR NO KEY UPDATE", [other.pk])

            with hasty(), pytest.raises(Exception, match="lock timeout"):
                services.user_role_change(user=boss, role=Role.SALES, by=other, now=noon)


class TestUserDeactivate:
    def test_ends_sessions_and_tokens_at_once(self, noon, boss, client):
        user = UserFactory()
        ApiTokenFactory(user=user, secret="bkd_live_x")
        client.force_login(user)

        services.user_deactivate(user=user, by=boss, now=noon)

        assert client.get("/").status_code == 302
        assert services.token_use("bkd_live_x") is None
        assert AuditEvent.objects.get().action == "user.deactivated"

    def test_is_not_done_to_oneself(self, noon, boss):
        UserFactory(role=Role.ADMINISTRATOR)

        with pytest.raises(services.PersonNotChangeable, match="yourself"):
            services.user_deactivate(user=boss, by=boss, now=noon)

    def test_can_be_taken_back(self, noon, boss):
        user = UserFactory(is_active=False)

        services.user_reactivate(user=user, by=boss, now=noon)
        services.user_reactivate(user=user, by=boss, now=noon)

        user.refresh_from_db()
        assert user.is_active
        assert AuditEvent.objects.get().action == "user.reactivated"


def test_a_lost_phone_no_longer_locks_its_owner_out(noon, boss):
    user = UserFactory()
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})

    services.second_factor_remove(user=user, by=boss, now=noon)
    services.second_factor_remove(user=user, by=boss, now=noon)

    assert not Authenticator.objects.exists()
    assert AuditEvent.objects.get().action == "user.second_factor_removed"


class TestInvitationCreate:
    def test_keeps_only_the_digest_of_the_link(self, noon, boss):
        invitation, secret = services.invitation_create(
            email=" New@Bookend.example", role=Role.SALES, by=boss, now=noon
        )

        assert invitation.email == "new@bookend.example"
        assert invitation.digest == tokens.digest(secret)
        assert invitation.expires_at == noon + timedelta(days=7)
        assert AuditEvent.objects.get().details == {"role": "sales"}

    def test_is_refused_for_those_who_are_in_or_invited(self, noon, boss):
        UserFactory(email="in@bookend.example")
        InvitationFactory(email="waits@bookend.example")

        for email, reason in [
            ("In@bookend.example", "has an account"),
            ("waits@bookend.example", "invited already"),
        ]:
            with pytest.raises(services.InvitationNotPossible, match=reason):
                services.invitation_create(email=email, role=Role.SALES, by=boss, now=noon)

        assert Invitation.objects.count() == 1
        assert not AuditEvent.objects.exists()


class TestInvitationSend:
    def test_mails_the_link(self, noon, boss, mailoutbox, settings):
        invitation, secret = services.invitation_create(
            email="new@bookend.example", role=Role.SALES, by=boss, now=noon, message="Join <us>!"
        )

        services.invitation_send(invitation=invitation, secret=secret, now=noon)

        (mail,) = mailoutbox
        html = mail.alternatives[0].content
        assert mail.to == ["new@bookend.example"]
        assert mail.subject == "Ada invites you to Bookend"
        assert f"{settings.BASE_URL}/invitation/{secret}/" in mail.body
        assert f"/invitation/{secret}/" in html
        assert "Join <us>!" in mail.body
        assert "Join &lt;us&gt;!" in html
        assert Invitation.objects.get().sent_at == noon

    def test_a_server_that_is_not_there_leaves_the_invitation_unsent(self, noon, boss, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_PORT = 1
        invitation, secret = services.invitation_create(
            email="new@bookend.example", role=Role.SALES, by=boss, now=noon
        )

        with pytest.raises(services.InvitationNotSent):
            services.invitation_send(invitation=invitation, secret=secret, now=noon)

        assert Invitation.objects.get().sent_at is None


class TestInvitationRenew:
    def test_the_old_link_is_worthless(self, noon, boss):
        invitation = InvitationFactory(secret="old", expires_at=noon - timedelta(days=1))

        invitation, secret = services.invitation_renew(invitation=invitation, by=boss, now=noon)

        assert not Invitation.objects.filter(digest=tokens.digest("old")).exists()
        assert invitation.digest == tokens.digest(secret)
        assert invitation.is_open(at=noon)


class TestInvitationAccept:
    def accept(self, invitation, noon):
        return services.invitation_accept(
            invitation=invitation, name="Nell", password="correct horse", timezone="Europe/Paris", now=noon
        )

    def test_makes_the_promised_account(self, noon):
        invitation = InvitationFactory(email="nell@bookend.example", role=Role.DATA_LEAD)

        user = self.accept(invitation, noon)

        assert (user.email, user.role, user.timezone) == ("nell@bookend.example", "data_lead", "Europe/Paris")
        assert user.check_password("correct horse")
        assert user.invitation == invitation
        assert AuditEvent.objects.get().action == "user.joined"

    @pytest.mark.parametrize("state", [{"expires_at": 0}, {"revoked_at": 0}])
    def test_is_refused_for_an_invitation_that_is_over(self, noon, state):
        invitation = InvitationFactory(**dict.fromkeys(state, noon))

        with pytest.raises(services.InvitationNotPossible, match="not good any more"):
            self.accept(invitation, noon)

        assert User.objects.filter(email=invitation.email).count() == 0

    def test_works_once(self, noon):
        invitation = InvitationFactory()
        self.accept(invitation, noon)

        with pytest.raises(services.InvitationNotPossible):
            self.accept(invitation, noon)

        assert User.objects.filter(email=invitation.email).count() == 1

    def test_what_was_accepted_cannot_be_taken_back(self, noon, boss):
        invitation = InvitationFactory()
        self.accept(invitation, noon)

        for act in (services.invitation_revoke, services.invitation_renew):
            with pytest.raises(services.InvitationNotPossible, match="has accepted already"):
                act(invitation=invitation, by=boss, now=noon)
