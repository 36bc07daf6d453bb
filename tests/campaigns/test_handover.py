"""Captaincy and channels handed over, and all that somebody owned who leaves."""

from http import HTTPStatus

import pytest
from django.urls import reverse

from apps.accounts import services as accounts
from apps.accounts.models import HandOver, User
from apps.campaigns import services
from apps.campaigns.models import Approval, Campaign, Challenge, Channel, Task
from apps.collaboration.models import AuditEvent, Notification
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import (
    ApprovalFactory,
    CampaignFactory,
    ChallengeFactory,
    ChannelFactory,
    TaskFactory,
)

pytestmark = pytest.mark.django_db
KINDS = {"campaigns", "channels", "tasks", "challenges", "approvals"}


@pytest.fixture
def admin():
    return UserFactory(role="administrator", name="Ada")


@pytest.fixture
def leaver():
    """Somebody who has one of each."""
    person = UserFactory(name="Jo", role="marketer")
    CampaignFactory(captain=person, name="Spring")
    ChannelFactory(owner=person)
    TaskFactory(assignee=person)
    TaskFactory(assignee=person, done=True)
    ChallengeFactory(asked_by=person)
    ApprovalFactory(asked_by=person)
    return person


def owners():
    return {
        "campaigns": Campaign.objects.get(name="Spring").captain,
        "channels": Channel.objects.exclude(campaign__name="Spring").order_by("pk").first().owner,
        "tasks": Task.objects.get(state="todo").assignee,
        "challenges": Challenge.objects.get().pursued_by,
        "approvals": Approval.objects.get().asked_by,
    }


class TestSomebodyWhoLeaves:
    def test_hands_over_what_they_own_and_not_what_is_done(self, noon, admin, leaver):
        heir = UserFactory(role="marketer")

        accounts.user_deactivate(user=leaver, by=admin, now=noon, successors=dict.fromkeys(KINDS, heir))

        assert not User.objects.get(pk=leaver.pk).is_active
        assert owners() == dict.fromkeys(KINDS, heir)
        assert Task.objects.get(state="done").assignee == leaver
        assert Challenge.objects.get().asked_by == leaver  # on record
        assert Notification.objects.filter(user=heir).count() == 5
        assert AuditEvent.objects.about(Campaign.objects.get(name="Spring")).get().details == {
            "changes": {"captain": ["Jo", str(heir)]}
        }

    @pytest.mark.parametrize("missing", sorted(KINDS))
    def test_stays_while_something_would_be_nobodys(self, noon, admin, leaver, missing):
        heirs = dict.fromkeys(KINDS - {missing}, UserFactory(role="marketer"))

        with pytest.raises(accounts.SuccessorNeeded, match="Say who takes over") as refusal:
            accounts.user_deactivate(user=leaver, by=admin, now=noon, successors=heirs)

        assert refusal.value.field == missing
        assert User.objects.get(pk=leaver.pk).is_active
        assert owners() == dict.fromkeys(KINDS, leaver)

    @pytest.mark.parametrize("heir", [{"role": "contributor"}, {"is_active": False, "role": "marketer"}])
    def test_leaves_a_campaign_to_nobody_who_cannot_be_captain(self, noon, admin, leaver, heir):
        heirs = dict.fromkeys(KINDS, UserFactory(role="marketer")) | {"campaigns": UserFactory(**heir)}

        with pytest.raises(accounts.SuccessorNeeded, match="cannot take this over"):
            accounts.user_deactivate(user=leaver, by=admin, now=noon, successors=heirs)

        assert owners() == dict.fromkeys(KINDS, leaver)

    def test_gets_back_what_is_still_the_heirs(self, noon, admin, leaver):
        heir, third = UserFactory(role="marketer"), UserFactory(role="marketer")
        accounts.user_deactivate(user=leaver, by=admin, now=noon, successors=dict.fromkeys(KINDS, heir))
        services.task_update(task=Task.objects.get(state="todo"), assignee=third, by=admin, now=noon)
        back = accounts.user_reactivate(user=leaver, by=admin, now=noon)

        counts = [accounts.user_hand_back(user=back, by=admin, now=noon) for _time in range(2)]

        assert counts == [4, 0]
        assert owners() == {**dict.fromkeys(KINDS, leaver), "tasks": third}
        assert not HandOver.objects.standing().exists()

    def test_gets_nothing_back_before_they_are_let_in_again(self, noon, admin, leaver):
        heir = UserFactory(role="marketer")
        accounts.user_deactivate(user=leaver, by=admin, now=noon, successors=dict.fromkeys(KINDS, heir))

        with pytest.raises(accounts.SuccessorNeeded, match="Let them in again"):
            accounts.user_hand_back(user=leaver, by=admin, now=noon)

        assert owners() == dict.fromkeys(KINDS, heir)


class TestThePages:
    def test_ask_for_a_successor_of_each_kind_and_keep_what_was_chosen(self, login, admin, leaver):
        heir, client = UserFactory(role="marketer", name="Ann"), login(admin)
        page = client.get(reverse("accounts:person-leave", args=[leaver.pk])).content.decode()
        where = reverse("accounts:person-deactivate", args=[leaver.pk])

        refused = client.post(where, {"campaigns": heir.pk})
        done = client.post(where, dict.fromkeys(KINDS, heir.pk))

        assert "Spring" in page
        assert f'value="{heir.pk}" selected' in refused.content.decode()
        assert done.status_code == HTTPStatus.FOUND
        assert owners() == dict.fromkeys(KINDS, heir)

    def test_hand_back(self, login, admin, leaver, noon):
        heir = UserFactory(role="marketer")
        accounts.user_deactivate(user=leaver, by=admin, now=noon, successors=dict.fromkeys(KINDS, heir))
        accounts.user_reactivate(user=leaver, by=admin, now=noon)

        client = login(admin)
        assert (
            "Hand back what they left"
            in client.get(reverse("accounts:person", args=[leaver.pk])).content.decode()
        )
        client.post(reverse("accounts:person-hand-back", args=[leaver.pk]))

        assert owners() == dict.fromkeys(KINDS, leaver)


def test_the_api_says_what_must_be_handed_over_and_takes_successors(api, admin, leaver):
    heir, program = UserFactory(role="marketer"), api(admin, "users:read", "users:write")
    here = f"/api/v1/users/{leaver.pk}/"

    estate = program.get(f"{here}estate/").json()["kinds"]
    refused = program.patch(here, {"is_active": False}, format="json")
    done = program.patch(
        here, {"is_active": False, "successors": dict.fromkeys(KINDS, heir.pk)}, format="json"
    )
    program.patch(here, {"is_active": True}, format="json")
    back = program.post(f"{here}hand-back/", {}, format="json")

    assert {one["kind"]: one["count"] for one in estate} == dict.fromkeys(KINDS, 1)
    assert (refused.status_code, done.status_code) == (HTTPStatus.BAD_REQUEST, HTTPStatus.OK)
    assert back.json() == {"things": 5}
    assert owners() == dict.fromkeys(KINDS, leaver)


class TestOneThingHandedOver:
    def test_a_captaincy_tells_both_with_the_note_to_the_new_one(self, noon, lead):
        campaign = CampaignFactory(name="Spring")
        before, after = campaign.captain, UserFactory(role="marketer")

        services.captain_change(campaign=campaign, captain=after, note="Ask Ann first.", by=lead, now=noon)

        notes = dict(Notification.objects.values_list("user", "text"))
        assert notes == {
            after.pk: f"{lead} hands “Spring” over to you: Ask Ann first.",
            before.pk: f"{lead} has handed “Spring” over to somebody else",
        }
        assert AuditEvent.objects.get().details["reason"] == "Ask Ann first."

    def test_a_channel_tells_its_new_owner(self, noon, lead):
        channel = ChannelFactory(owner=None, campaign__name="Spring")
        owner = UserFactory()

        services.channel_update(channel=channel, owner=owner, by=lead, now=noon)

        assert Notification.objects.get().text == f"{lead} hands “Spring: E-mail” over to you"
