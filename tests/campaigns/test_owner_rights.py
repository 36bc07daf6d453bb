"""A channel owner edits the own channel's part and no other: by page, API and admin alike."""

from http import HTTPStatus

import pytest
from django.urls import reverse

from apps.campaigns.models import Campaign, Channel
from apps.collaboration.models import AuditEvent
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import (
    CampaignFactory,
    ChallengeFactory,
    ChannelFactory,
    KpiFactory,
    TaskFactory,
)
from tests.factories.messaging import MessageFactory

pytestmark = pytest.mark.django_db
# What belongs to a channel: permission, and how to make its object of that channel.
OF_A_CHANNEL = {
    "campaigns.change_channel": lambda channel: channel,
    "campaigns.change_task": lambda channel: TaskFactory(campaign=channel.campaign, channel=channel),
    "campaigns.move_task": lambda channel: TaskFactory(campaign=channel.campaign, channel=channel),
    "campaigns.delete_task": lambda channel: TaskFactory(campaign=channel.campaign, channel=channel),
    "campaigns.answer_challenge": lambda channel: ChallengeFactory(campaign=channel.campaign, thing=channel),
    "messaging.add_message": lambda channel: channel,
    "messaging.change_message": lambda channel: MessageFactory(campaign=channel.campaign, channel=channel),
    "messaging.launch_message": lambda channel: MessageFactory(campaign=channel.campaign, channel=channel),
}
# What is the captain's and the leads' alone, though a channel is the owner's.
NOT_THEIRS = {
    "campaigns.change_campaign": lambda channel: channel.campaign,
    "campaigns.advance_campaign": lambda channel: channel.campaign,
    "campaigns.override_readiness": lambda channel: channel.campaign,
    "campaigns.assign_channel": lambda channel: channel,
    "campaigns.delete_channel": lambda channel: channel,
    "campaigns.add_challenge": lambda channel: channel.campaign,
    "campaigns.add_challenger": lambda channel: channel.campaign,
    "campaigns.decide_approval": lambda channel: channel.campaign,
    "campaigns.set_rules": lambda channel: channel.campaign,
    "campaigns.change_kpi": lambda channel: KpiFactory(campaign=channel.campaign),
    "campaigns.resolve_challenge": lambda channel: ChallengeFactory(campaign=channel.campaign),
}


@pytest.fixture
def owner():
    return UserFactory(role="marketer")


@pytest.fixture
def own(owner):
    return ChannelFactory(campaign=CampaignFactory(channel=False), owner=owner)


@pytest.fixture
def other(own):
    return ChannelFactory(campaign=own.campaign, kind="sms")


@pytest.mark.parametrize("permission", OF_A_CHANNEL)
def test_what_belongs_to_a_channel_is_its_owners_and_not_that_of_another(owner, own, other, permission):
    make = OF_A_CHANNEL[permission]

    assert owner.has_perm(permission, make(own))
    assert not owner.has_perm(permission, make(other))


@pytest.mark.parametrize("permission", NOT_THEIRS)
def test_what_is_the_captains_is_no_owners(owner, own, permission):
    assert not owner.has_perm(permission, NOT_THEIRS[permission](own))


def test_page_and_api_and_admin_refuse_another_channel_and_nothing_happens(login, api, owner, other):
    client, program = login(owner), api(owner, "campaigns:write")

    answers = [
        client.post(reverse("campaigns:channel_update", args=[other.pk]), {"why": "Mine now."}),
        program.patch(f"/api/v1/channels/{other.pk}/", {"why": "Mine now."}, format="json"),
        client.post(reverse("admin:campaigns_channel_change", args=[other.pk]), {"why": "Mine now."}),
    ]

    assert [answer.status_code for answer in answers[:2]] == [HTTPStatus.FORBIDDEN] * 2
    assert answers[2].status_code in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.FOUND}
    assert Channel.objects.get(pk=other.pk).why == "They read it."
    assert not AuditEvent.objects.exists()


def test_an_owner_does_not_hand_the_own_channel_to_somebody_else(login, api, owner, own):
    heir = UserFactory()

    login(owner).post(reverse("campaigns:channel_update", args=[own.pk]), {"why": "Yes.", "owner": heir.pk})
    refused = api(owner, "campaigns:write").patch(
        f"/api/v1/channels/{own.pk}/", {"owner": heir.pk}, format="json"
    )

    assert refused.status_code == HTTPStatus.FORBIDDEN
    assert Channel.objects.get().owner == owner
    assert Campaign.objects.get().captain != owner
