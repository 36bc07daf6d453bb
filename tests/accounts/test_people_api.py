"""People and invitations over the API: the acts of the pages, with the same refusals."""

import re
from http import HTTPStatus

import pytest

from apps.accounts.models import Invitation, User
from apps.collaboration.models import AuditEvent
from apps.core import clock
from tests.factories.accounts import InvitationFactory, UserFactory

pytestmark = pytest.mark.django_db
Role = User.Role
INVITATIONS = "/api/v1/invitations/"


@pytest.fixture
def boss():
    return UserFactory(role=Role.ADMINISTRATOR)


@pytest.fixture
def program(api, boss, django_capture_on_commit_callbacks):
    """A client whose requests are committed: mail leaves after that."""
    client = in_json(api(boss, "users:read", "users:write"))
    post = client.post

    def committed(*args, **kwargs):
        with django_capture_on_commit_callbacks(execute=True):
            return post(*args, **kwargs)

    client.post = committed
    return client


def in_json(client):
    client.default_format = "json"
    return client


def user_path(user):
    return f"/api/v1/users/{user.pk}/"


def actions():
    return list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))


class TestUserPatch:
    def test_changes_role_and_account(self, program):
        user = UserFactory(role=Role.SALES)

        body = program.patch(user_path(user), {"role": "data_lead", "is_active": False}).json()
        again = program.patch(user_path(user), {"is_active": True}).json()

        assert (body["role"], body["is_active"]) == ("data_lead", False)
        assert (again["role"], again["is_active"]) == ("data_lead", True)
        assert actions() == ["user.role_changed", "user.deactivated", "user.reactivated"]

    @pytest.mark.parametrize(
        ("wanted", "status"),
        [
            ({"role": "sales"}, HTTPStatus.CONFLICT),
            ({"is_active": False}, HTTPStatus.CONFLICT),
            ({"role": "king"}, HTTPStatus.BAD_REQUEST),
            ({"is_active": "perhaps"}, HTTPStatus.BAD_REQUEST),
        ],
    )
    def test_refuses_and_leaves_the_last_administrator_as_is(self, program, boss, wanted, status):
        assert program.patch(user_path(boss), wanted).status_code == status

        boss.refresh_from_db()
        assert (boss.role, boss.is_active) == (Role.ADMINISTRATOR, True)
        assert actions() == []

    def test_does_both_or_neither(self, program, boss):
        UserFactory(role=Role.ADMINISTRATOR)

        response = program.patch(user_path(boss), {"role": "administrator", "is_active": False})
        other = program.patch(user_path(boss), {"role": "sales", "is_active": False})

        boss.refresh_from_db()
        assert response.json()["detail"] == "You cannot deactivate yourself. Ask another administrator."
        assert other.status_code == HTTPStatus.CONFLICT
        assert (boss.role, boss.is_active, actions()) == (Role.ADMINISTRATOR, True, [])

    def test_is_for_administrators(self, api):
        user = UserFactory()

        lead = in_json(api(UserFactory(role=Role.MARKETING_LEAD)))

        response = lead.patch(user_path(user), {"role": "sales"})

        user.refresh_from_db()
        assert (response.status_code, user.role) == (HTTPStatus.FORBIDDEN, Role.MARKETER)


class TestInvitations:
    def test_invites_and_mails_the_link(self, program, boss, mailoutbox):
        body = program.post(INVITATIONS, {"email": "Nell@bookend.example", "role": "sales"}).json()

        invitation = Invitation.objects.get()
        (mail,) = mailoutbox
        assert (body["id"], body["email"], body["invited_by"]) == (
            invitation.pk,
            "nell@bookend.example",
            boss.pk,
        )
        assert mail.to == ["nell@bookend.example"]
        assert invitation.sent_at is not None
        assert re.search(r"/invitation/(.+)/", mail.body)[1] not in str(body)

    def test_the_same_request_again_mails_once(self, program, mailoutbox):
        form = {"email": "nell@bookend.example", "role": "sales"}

        answers = [program.post(INVITATIONS, form, headers={"Idempotency-Key": "k"}) for _ in range(2)]

        assert [answer.status_code for answer in answers] == [HTTPStatus.CREATED] * 2
        assert len(mailoutbox) == 1

    def test_a_mail_server_that_is_away_leaves_the_invitation_unsent(self, program, settings):
        settings.EMAIL_BACKEND = "tests.accounts.test_people_api.Away"

        answer = program.post(INVITATIONS, {"email": "nell@bookend.example", "role": "sales"})

        assert answer.status_code == HTTPStatus.CREATED
        assert Invitation.objects.get().sent_at is None

    @pytest.mark.parametrize(
        ("form", "status"),
        [
            ({"email": "nell", "role": "sales"}, HTTPStatus.BAD_REQUEST),
            ({"email": "nell@bookend.example", "role": "king"}, HTTPStatus.BAD_REQUEST),
            ({"email": "waits@bookend.example", "role": "sales"}, HTTPStatus.CONFLICT),
            ({"email": "here@bookend.example", "role": "sales"}, HTTPStatus.CONFLICT),
        ],
    )
    def test_refuses_and_mails_nothing(self, program, mailoutbox, form, status):
        InvitationFactory(email="waits@bookend.example")
        UserFactory(email="here@bookend.example")

        assert program.post(INVITATIONS, form).status_code == status
        assert (Invitation.objects.count(), mailoutbox) == (1, [])

    def test_lists_those_that_wait(self, program):
        waits = InvitationFactory()
        InvitationFactory(revoked_at=clock.now())

        assert [one["id"] for one in program.get(INVITATIONS).json()["results"]] == [waits.pk]
        assert program.get(INVITATIONS, {"role": "sales"}).json()["results"] == []

    def test_sends_again_and_ignores_who_looked_before_that(self, program, mailoutbox):
        invitation = InvitationFactory(secret="old")
        address = f"{INVITATIONS}{invitation.pk}/"
        seen = {"expires_at": program.get(address).json()["expires_at"]}

        first, second = (program.post(f"{address}resend/", seen) for _ in range(2))

        assert (first.status_code, second.status_code) == (HTTPStatus.OK, HTTPStatus.CONFLICT)
        assert len(mailoutbox) == 1
        assert actions() == ["invitation.renewed"]

    def test_sends_again_without_a_look(self, program, mailoutbox):
        invitation = InvitationFactory()

        for _time in range(2):
            program.post(f"{INVITATIONS}{invitation.pk}/resend/")

        assert len(mailoutbox) == 2

    def test_takes_back_once(self, program):
        invitation = InvitationFactory()

        answers = [program.delete(f"{INVITATIONS}{invitation.pk}/").status_code for _ in range(2)]

        invitation.refresh_from_db()
        assert answers == [HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND]
        assert invitation.revoked_at is not None
        assert actions() == ["invitation.revoked"]


class Away:
    """A mail server that is not there."""

    def __init__(self, **_options):
        pass

    def send_messages(self, _mails):
        raise ConnectionRefusedError
