import pytest

from apps.accounts.models import User
from apps.campaigns import services
from apps.campaigns.errors import ChangedMeanwhile, ChannelRefused, NotEligible, PutAway
from apps.campaigns.models import Channel, Contributor, Task
from apps.collaboration import services as collaboration
from apps.collaboration.models import AuditEvent, Comment
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import (
    CampaignFactory,
    ChannelFactory,
    ContributorFactory,
    TaskFactory,
)
from tests.factories.messaging import MessageFactory

pytestmark = pytest.mark.django_db
CANNOT_WORK = [{"is_active": False}, {"role": User.Role.INTEGRATION}]


def actions():
    return [event.action for event in AuditEvent.objects.order_by("id")]


class TestChannelAdd:
    def test_adds_it_with_its_owner_and_tells_the_campaigns_history(self, noon, lead):
        campaign, owner = CampaignFactory(channel=False), UserFactory()

        channel = services.channel_add(
            campaign=campaign, kind="social", owner=owner, why="They meet there.", by=lead, now=noon
        )

        assert (channel.owner, channel.why) == (owner, "They meet there.")
        assert AuditEvent.objects.about(campaign).get().action == "channel.added"

    def test_refuses_a_second_one_of_its_kind(self, noon, lead):
        campaign = CampaignFactory()

        with pytest.raises(ChannelRefused, match="that channel already"):
            services.channel_add(campaign=campaign, kind="email", by=lead, now=noon)

        assert Channel.objects.count() == 1
        assert actions() == []

    @pytest.mark.parametrize("person", CANNOT_WORK)
    def test_refuses_an_owner_who_cannot_work(self, noon, lead, person):
        campaign = CampaignFactory(channel=False)

        with pytest.raises(NotEligible):
            services.channel_add(
                campaign=campaign, kind="social", owner=UserFactory(**person), by=lead, now=noon
            )

        assert not Channel.objects.exists()


class TestChannelUpdate:
    def test_changes_the_owners_part(self, noon):
        channel = ChannelFactory()

        services.channel_update(
            channel=channel, by=channel.owner, now=noon, why="Cheap.", expected_result="120 orders"
        )

        channel.refresh_from_db()
        assert (channel.why, channel.expected_result, channel.version) == ("Cheap.", "120 orders", 2)
        assert actions() == ["channel.changed"]

    def test_hands_it_over(self, noon, lead):
        channel, owner = ChannelFactory(), UserFactory()

        services.channel_update(channel=channel, owner=owner, by=lead, now=noon)
        services.channel_update(channel=channel, owner=owner, by=lead, now=noon)

        channel.refresh_from_db()
        assert channel.owner == owner
        assert actions() == ["channel.assigned"]

    @pytest.mark.parametrize("person", CANNOT_WORK)
    def test_refuses_an_owner_who_cannot_work(self, noon, lead, person):
        channel = ChannelFactory()

        with pytest.raises(NotEligible):
            services.channel_update(channel=channel, owner=UserFactory(**person), by=lead, now=noon)

        assert actions() == []

    def test_tells_the_second_of_two_editors(self, noon, lead):
        channel = ChannelFactory()
        services.channel_update(channel=channel, by=UserFactory(name="Ann"), now=noon, why="Ann's", seen=1)

        with pytest.raises(ChangedMeanwhile) as told:
            services.channel_update(channel=channel, by=lead, now=noon, why="Mine", seen=1)

        assert "Ann has changed this" in told.value.theirs["why"]

    def test_refuses_what_belongs_to_a_campaign_that_was_put_away(self, noon, lead):
        channel = ChannelFactory(campaign__archived_at=noon)

        with pytest.raises(PutAway):
            services.channel_update(channel=channel, by=lead, now=noon, why="New")


class TestChannelsSet:
    def test_adds_changes_and_removes_at_once(self, noon, lead):
        campaign = CampaignFactory()
        email = campaign.channels.get()
        ads = ChannelFactory(campaign=campaign, kind="ads")

        services.channels_set(
            campaign=campaign,
            wanted={"email": {"why": "New."}, "web": {"owner": lead, "why": "Here."}},
            known={"email": email.version, "ads": ads.version},
            by=lead,
            now=noon,
        )

        assert dict(campaign.channels.values_list("kind", "why")) == {"email": "New.", "web": "Here."}

    def test_leaves_a_channel_that_a_colleague_added_meanwhile(self, noon, lead):
        campaign = CampaignFactory()
        email = campaign.channels.get()
        ChannelFactory(campaign=campaign, kind="ads")

        services.channels_set(
            campaign=campaign, wanted={"email": {}}, known={"email": email.version}, by=lead, now=noon
        )

        assert set(campaign.channels.values_list("kind", flat=True)) == {"email", "ads"}

    def test_does_not_overwrite_what_a_colleague_added_meanwhile(self, noon, lead):
        campaign, ann = CampaignFactory(), UserFactory(name="Ann")
        services.channel_add(campaign=campaign, kind="web", why="Ann's", owner=ann, by=ann, now=noon)
        says = {"wanted": {"email": {}, "web": {"why": "Mine", "owner": None}}, "by": lead, "now": noon}

        with pytest.raises(ChangedMeanwhile) as told:
            services.channels_set(campaign=campaign, known={"email": 1}, **says)

        assert told.value.theirs == {
            "web": "A colleague has added this channel since you opened this page. "
            "Save again to keep what you wrote.",
            "web_why": "There it says “Ann's”.",
            "web_owner": "There it says “Ann”.",
        }
        assert (told.value.part, told.value.version) == ("web", 1)
        web = campaign.channels.get(kind="web")
        assert (web.why, web.owner) == ("Ann's", ann)

        services.channels_set(campaign=campaign, known={"email": 1, "web": 1}, **says)
        assert campaign.channels.get(kind="web").why == "Mine"

    def test_sent_twice_changes_nothing_more(self, noon, lead):
        campaign = CampaignFactory()
        says = {"wanted": {"email": {"why": "New."}, "web": {"why": "Here."}}, "known": {"email": 1}}

        for _time in range(2):
            services.channels_set(campaign=campaign, by=lead, now=noon, **says)

        assert actions() == ["channel.changed", "channel.added"]

    def test_refuses_all_if_one_cannot_be(self, noon, lead):
        campaign = CampaignFactory()
        left = UserFactory(is_active=False)

        with pytest.raises(NotEligible) as refused:
            services.channels_set(
                campaign=campaign,
                wanted={"email": {"why": "New."}, "web": {"owner": left}},
                known={"email": 1},
                by=lead,
                now=noon,
            )

        assert refused.value.field == "web_owner"
        assert campaign.channels.get().why == "They read it."
        assert actions() == []

    def test_tells_which_row_somebody_else_has_changed(self, noon, lead):
        campaign = CampaignFactory()
        services.channel_update(channel=campaign.channels.get(), by=UserFactory(), now=noon, why="Theirs")

        with pytest.raises(ChangedMeanwhile) as told:
            services.channels_set(
                campaign=campaign, wanted={"email": {"why": "Mine"}}, known={"email": 1}, by=lead, now=noon
            )

        assert list(told.value.theirs) == ["email_why"]
        assert (told.value.part, told.value.version) == ("email", 2)


class TestChannelRemove:
    def test_keeps_its_tasks_and_the_memory_of_it(self, noon, lead):
        channel = ChannelFactory()
        task = TaskFactory(campaign=channel.campaign, channel=channel)

        services.channel_remove(channel=channel, by=lead, now=noon)
        services.channel_remove(channel=Channel(pk=channel.pk, campaign=channel.campaign), by=lead, now=noon)

        task.refresh_from_db()
        assert task.channel is None
        event = AuditEvent.objects.get()
        assert (event.action, event.details) == ("channel.removed", {"channel": "E-mail"})

    def test_takes_what_was_said_about_it(self, noon, lead):
        channel = ChannelFactory()
        collaboration.comment_add(subject=channel, text="Well?", by=lead, now=noon)

        services.channel_remove(channel=channel, by=lead, now=noon)

        assert not Comment.objects.exists()

    def test_refuses_one_on_which_messages_go_out(self, noon, lead):
        message = MessageFactory()

        with pytest.raises(ChannelRefused, match="E-mail has messages"):
            services.channel_remove(channel=message.channel, by=lead, now=noon)

        assert Channel.objects.filter(pk=message.channel_id).exists()
        assert actions() == []


class TestContributors:
    def test_are_taken_on_once(self, noon, lead):
        campaign, person = CampaignFactory(), UserFactory()

        for _time in range(2):
            services.contributor_add(campaign=campaign, user=person, by=lead, now=noon)

        assert Contributor.objects.get().user == person
        assert actions() == ["contributor.added"]

    @pytest.mark.parametrize("person", CANNOT_WORK)
    def test_must_be_able_to_work(self, noon, lead, person):
        with pytest.raises(NotEligible):
            services.contributor_add(
                campaign=CampaignFactory(), user=UserFactory(**person), by=lead, now=noon
            )

        assert not Contributor.objects.exists()

    def test_are_taken_off_once_and_keep_their_tasks(self, noon, lead):
        contributor = ContributorFactory()
        task = TaskFactory(campaign=contributor.campaign, assignee=contributor.user)

        for _time in range(2):
            services.contributor_remove(
                campaign=contributor.campaign, user=contributor.user, by=lead, now=noon
            )

        assert not Contributor.objects.exists()
        assert Task.objects.get(assignee=contributor.user) == task
        assert actions() == ["contributor.removed"]
