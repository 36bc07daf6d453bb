import pytest

from apps.accounts.models import User
from apps.campaigns.models import Campaign
from apps.campaigns.permissions import is_captain, is_channel_owner, is_on_team
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import (
    BareCampaignFactory,
    CampaignFactory,
    ChannelFactory,
    ContributorFactory,
    TaskFactory,
)

pytestmark = pytest.mark.django_db
Role = User.Role
SEES_ALL = sorted(set(Role) - {Role.CONTRIBUTOR})


def a(role):
    return UserFactory(role=role)


class TestIsOnTeam:
    def test_holds_for_captain_owner_contributor_and_assignee(self):
        campaign = CampaignFactory()
        team = [
            campaign.captain,
            campaign.channels.get().owner,
            ContributorFactory(campaign=campaign).user,
            TaskFactory(campaign=campaign).assignee,
        ]

        assert [is_on_team(person, campaign) for person in team] == [True] * 4

    def test_does_not_hold_for_those_of_another_campaign(self):
        campaign, other = BareCampaignFactory(), CampaignFactory()
        people = [other.captain, other.channels.get().owner, TaskFactory(campaign=other).assignee]

        assert [is_on_team(person, campaign) for person in people] == [False] * 3

    def test_does_not_hold_for_someone_who_has_left(self):
        campaign = BareCampaignFactory(captain__is_active=False)

        assert not is_on_team(campaign.captain, campaign)
        assert not is_captain(campaign.captain, campaign)


class TestVisibleTo:
    @pytest.mark.parametrize("role", SEES_ALL)
    def test_shows_everything_to_those_with_a_role(self, role):
        campaign = BareCampaignFactory()

        assert Campaign.objects.visible_to(a(role)).get() == campaign

    def test_shows_contributors_the_campaigns_of_their_teams(self):
        person = a(Role.CONTRIBUTOR)
        BareCampaignFactory()
        mine = [
            TaskFactory(assignee=person).campaign,
            ContributorFactory(user=person).campaign,
            ChannelFactory(owner=person).campaign,
            BareCampaignFactory(captain=person),
        ]

        assert set(Campaign.objects.visible_to(person)) == set(mine)

    def test_shows_nothing_to_someone_who_has_left(self):
        BareCampaignFactory()

        assert not Campaign.objects.visible_to(UserFactory(is_active=False)).exists()


class TestViewCampaign:
    @pytest.mark.parametrize("role", SEES_ALL)
    def test_is_for_every_role(self, role):
        assert a(role).has_perm("campaigns.view_campaign", BareCampaignFactory())

    def test_is_for_contributors_of_the_team(self):
        task = TaskFactory(assignee__role=Role.CONTRIBUTOR)

        assert task.assignee.has_perm("campaigns.view_campaign", task.campaign)
        assert task.assignee.has_perm("campaigns.view_task", task)
        assert not task.assignee.has_perm("campaigns.view_campaign", BareCampaignFactory())

    def test_opens_the_list_to_everyone_signed_in(self):
        assert a(Role.CONTRIBUTOR).has_perm("campaigns.view_campaign")
        assert not UserFactory(is_active=False).has_perm("campaigns.view_campaign")


MAY_CHANGE = {Role.ADMINISTRATOR, Role.MARKETING_LEAD, Role.INTEGRATION}


class TestChange:
    @pytest.mark.parametrize("role", list(Role))
    def test_of_a_campaign_is_for_leads_and_programs(self, role):
        campaign = BareCampaignFactory()

        assert a(role).has_perm("campaigns.change_campaign", campaign) is (role in MAY_CHANGE)
        assert a(role).has_perm("campaigns.advance_campaign", campaign) is (role in MAY_CHANGE)

    def test_of_a_campaign_is_for_its_captain_and_for_no_other(self):
        campaign, other = BareCampaignFactory.create_batch(2)

        assert campaign.captain.has_perm("campaigns.change_campaign", campaign)
        assert not other.captain.has_perm("campaigns.change_campaign", campaign)

    def test_of_a_channel_is_for_its_owner_and_not_for_the_owner_of_another(self):
        email = ChannelFactory()
        social = ChannelFactory(campaign=email.campaign, kind="social")

        assert email.owner.has_perm("campaigns.change_channel", email)
        assert is_channel_owner(email.owner, email)
        assert not social.owner.has_perm("campaigns.change_channel", email)
        assert email.campaign.captain.has_perm("campaigns.change_channel", email)
        assert not email.owner.has_perm("campaigns.change_campaign", email.campaign)
        assert not email.owner.has_perm("campaigns.assign_channel", email)

    def test_of_a_task_is_for_the_owner_of_its_channel_and_moving_it_for_the_assignee(self):
        channel = ChannelFactory()
        task = TaskFactory(campaign=channel.campaign, channel=channel)

        assert channel.owner.has_perm("campaigns.change_task", task)
        assert task.assignee.has_perm("campaigns.move_task", task)
        assert not task.assignee.has_perm("campaigns.change_task", task)
        assert not UserFactory().has_perm("campaigns.move_task", task)

    def test_of_readiness_is_no_business_of_programs(self):
        campaign = BareCampaignFactory()

        assert campaign.captain.has_perm("campaigns.override_readiness", campaign)
        assert not a(Role.INTEGRATION).has_perm("campaigns.override_readiness", campaign)

    @pytest.mark.parametrize("role", list(Role))
    def test_adding_is_for_marketers_leads_and_programs(self, role):
        assert a(role).has_perm("campaigns.add_campaign") is (role in MAY_CHANGE | {Role.MARKETER})
