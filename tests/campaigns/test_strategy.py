"""The strategy of a year: goals, what is left alone, and what both ask of campaigns."""

from datetime import date
from http import HTTPStatus

import pytest
from django.urls import reverse
from django.utils.html import escape

from apps.accounts.models import User
from apps.campaigns import checks, selectors, services
from apps.campaigns.errors import ChangedMeanwhile, JustificationMissing, NotEligible, StrategyRefused
from apps.campaigns.models import Campaign, NotDoing, YearGoal
from apps.collaboration.models import AuditEvent
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import (
    SEEN_AT,
    BareCampaignFactory,
    CampaignFactory,
    ChannelFactory,
    ContributorFactory,
    NotDoingFactory,
    YearGoalFactory,
)

pytestmark = pytest.mark.django_db


def text(response):
    return response.content.decode()


def names(year=2030):
    return list(YearGoal.objects.filter(year=year).values_list("name", flat=True))


@pytest.fixture
def three():
    return [YearGoalFactory(name=name, position=place) for place, name in enumerate("abc")]


class TestYearGoals:
    def test_come_after_the_others_of_their_year(self, noon, lead, three):
        YearGoalFactory(year=2031, position=9)

        goal = services.year_goal_add(year=2030, name="d", why="Because", by=lead, now=noon)

        assert (goal.position, names()) == (3, ["a", "b", "c", "d"])
        assert AuditEvent.objects.get().action == "yeargoal.added"

    def test_are_named_once_a_year(self, noon, lead, three):
        with pytest.raises(StrategyRefused) as refused:
            services.year_goal_add(year=2030, name="a", by=lead, now=noon)
        with pytest.raises(StrategyRefused):
            services.year_goal_update(goal=three[1], name="a", by=lead, now=noon)

        assert refused.value.field == "name"
        assert names() == ["a", "b", "c"]
        assert not AuditEvent.objects.exists()

    def test_are_owned_by_people(self, noon, lead, three):
        program = UserFactory(role=User.Role.INTEGRATION)

        for act in (
            lambda: services.year_goal_add(year=2030, name="d", owner=program, by=lead, now=noon),
            lambda: services.year_goal_update(goal=three[0], owner=program, by=lead, now=noon),
        ):
            with pytest.raises(NotEligible):
                act()

        assert names() == ["a", "b", "c"]

    def test_tell_the_second_of_two_editors(self, noon, lead, three):
        services.year_goal_update(goal=three[0], why="Ann's", by=UserFactory(name="Ann"), now=noon, seen=1)

        with pytest.raises(ChangedMeanwhile):
            services.year_goal_update(goal=three[0], why="Mine", by=lead, now=noon, seen=1)

    @pytest.mark.parametrize(("place", "order"), [(0, "cab"), (1, "acb"), (99, "abc")])
    def test_are_put_into_another_order(self, noon, lead, three, place, order):
        for _time in range(2):
            services.year_goal_move(goal=three[2], position=place, by=lead, now=noon)

        assert names() == list(order)
        assert AuditEvent.objects.count() == (order != "abc")

    def test_taken_away_leave_their_campaigns_without_one_and_say_so(self, noon, lead, three):
        campaign = CampaignFactory(year_goal=three[0])

        counts = [services.year_goal_remove(goal=three[0], by=lead, now=noon) for _time in range(2)]

        campaign.refresh_from_db()
        assert (counts, campaign.year_goal) == ([1, 0], None)
        assert AuditEvent.objects.about(campaign).get().details == {"goal": "a"}


class TestNotDoing:
    def test_is_a_channel_or_a_practice_once_a_year(self, noon, lead):
        NotDoingFactory()
        for said in ({}, {"kind": "web", "practice": "x"}, {"kind": "ads"}):
            with pytest.raises(StrategyRefused) as refused:
                services.not_doing_add(year=2030, reason="r", by=lead, now=noon, **said)
            assert refused.value.field == "practice"

        services.not_doing_add(year=2030, practice="Bought lists", reason="r", by=lead, now=noon)

        assert [str(entry) for entry in NotDoing.objects.order_by("pk")] == ["Ads", "Bought lists"]

    def test_changed_stays_one_of_the_two(self, noon, lead):
        entry = NotDoingFactory()

        with pytest.raises(StrategyRefused):
            services.not_doing_update(entry=entry, practice="x", by=lead, now=noon)
        services.not_doing_update(entry=entry, kind="", practice="x", by=lead, now=noon)

        entry.refresh_from_db()
        assert (entry.kind, entry.practice, entry.version) == ("", "x", 2)

    def test_asks_a_channel_for_its_justification(self, noon, lead):
        NotDoingFactory()
        campaign = CampaignFactory()

        with pytest.raises(JustificationMissing) as refused:
            services.channel_add(campaign=campaign, kind="ads", justification=" ", by=lead, now=noon)
        assert "Nobody came back from them." in str(refused.value)
        assert campaign.channels.count() == 1

        channel = services.channel_add(
            campaign=campaign, kind="ads", justification="One test.", by=lead, now=noon
        )
        with pytest.raises(JustificationMissing):
            services.channel_update(channel=channel, justification="", by=lead, now=noon)
        services.not_doing_remove(entry=NotDoing.objects.get(), by=lead, now=noon)
        services.channel_update(channel=channel, justification="", by=lead, now=noon)

    def test_of_another_year_asks_nothing(self, noon, lead):
        NotDoingFactory(year=2029)

        assert services.channel_add(campaign=CampaignFactory(), kind="ads", by=lead, now=noon).pk

    def test_in_the_form_of_all_channels_stands_at_its_field(self, noon, lead):
        NotDoingFactory()
        campaign = CampaignFactory(channel=False)

        with pytest.raises(JustificationMissing) as refused:
            services.channels_set(campaign=campaign, wanted={"ads": {}}, known={}, by=lead, now=noon)

        assert refused.value.field == "ads_justification"


class TestCampaigns:
    def test_stand_under_their_goal_with_how_many_have_come_to_their_target(self, lead, three):
        CampaignFactory(year_goal=three[1], goal_reached=200)
        CampaignFactory.create_batch(9, year_goal=three[1], goal_reached=199)
        CampaignFactory(year_goal=three[1], archived_at=SEEN_AT)

        lines = selectors.goal_lines(lead, 2030)

        assert [(line.count, line.reached, len(line.campaigns), line.more) for line in lines] == [
            (0, 0, 0, 0),
            (10, 1, 8, 2),
            (0, 0, 0, 0),
        ]

    def test_without_a_goal_are_those_of_the_year(self, lead, noon, three):
        CampaignFactory(year_goal=three[0])
        CampaignFactory(launch_date=date(2031, 1, 1), goal_date=date(2031, 2, 1))
        bare, dated = BareCampaignFactory(), CampaignFactory()

        assert set(selectors.unaligned(lead, 2030, today=noon.date())) == {bare, dated}

    def test_are_those_that_one_may_see(self, noon, three):
        helper = UserFactory(role=User.Role.CONTRIBUTOR)
        mine, other = CampaignFactory(), CampaignFactory()
        ContributorFactory(campaign=mine, user=helper)
        for campaign in (mine, other):
            ChannelFactory(campaign=campaign, kind="ads")

        assert list(selectors.unaligned(helper, 2030, today=noon.date())) == [mine]
        spite = selectors.in_spite_of(helper, [NotDoingFactory()], 2030)
        assert [channel.campaign for channel in spite["ads"]] == [mine]

    def test_are_asked_for_their_goal_where_the_year_has_one(self, noon):
        campaign = CampaignFactory()
        assert checks.year_goal_is_named(campaign, noon).ok

        goal = YearGoalFactory()
        assert not checks.year_goal_is_named(campaign, noon).ok

        campaign.year_goal = goal
        assert checks.year_goal_is_named(campaign, noon).ok


class TestPages:
    def test_show_the_year_and_let_only_leads_change_it(self, login, lead):
        goal = YearGoalFactory(name="Win back", why="<b>", year=2026)
        NotDoingFactory(year=2026)
        CampaignFactory(
            channel__kind="ads", channel__justification="Half <price>.", launch_date=date(2026, 5, 1),
            name="Summer",
        )  # fmt: skip
        url, edit = (
            reverse("campaigns:strategy") + "?year=2026",
            reverse("campaigns:year_goal_update", args=[goal.pk]),
        )

        page, read = text(login(lead).get(url)), text(login(UserFactory()).get(url))

        for words in ("Win back", escape("<b>"), "Nobody came back", escape("Half <price>."), "Summer"):
            assert words in read
        assert edit in page
        assert edit not in read
        assert login(UserFactory()).post(edit, {"name": "x"}).status_code == HTTPStatus.FORBIDDEN

    def test_cost_the_same_for_little_and_for_much(self, login, lead, django_assert_max_num_queries):
        for goal in YearGoalFactory.create_batch(6, year=2026):
            CampaignFactory.create_batch(3, year_goal=goal)
        BareCampaignFactory.create_batch(20)
        NotDoingFactory(year=2026)

        client = login(lead)
        with django_assert_max_num_queries(12):
            client.get(reverse("campaigns:strategy"), {"year": "2026"})

    def test_add_change_and_refuse_beside_the_field(self, login, lead):
        client = login(lead)
        new = reverse("campaigns:year_goal_create") + "?year=2030"

        client.post(new, {"name": "Win back 🎯", "target": "500"})
        told = client.post(new, {"name": "Win back 🎯", "why": "typed"})
        long = client.post(new, {"name": "x" * 10_000})

        goal = YearGoal.objects.get()
        assert (goal.name, goal.year, goal.target) == ("Win back 🎯", 2030, "500")
        assert list(told.context["form"].errors) == list(long.context["form"].errors) == ["name"]
        assert "typed" in text(told)
        client.post(reverse("campaigns:year_goal_update", args=[goal.pk]), {"name": "Win", "version": "1"})
        stale = client.post(
            reverse("campaigns:year_goal_update", args=[goal.pk]), {"name": "Won", "version": "1"}
        )
        goal.refresh_from_db()
        assert goal.name == "Win"
        assert "has changed this to “Win”" in text(stale)

    def test_take_and_leave_what_is_not_done(self, login, lead):
        client = login(lead)
        new = reverse("campaigns:not_doing_create") + "?year=2030"

        none = client.post(new, {"reason": "r"})
        client.post(new, {"kind": "ads", "reason": "r"})

        assert list(none.context["form"].errors) == ["practice"]
        client.post(reverse("campaigns:not_doing_remove", args=[NotDoing.objects.get().pk]))
        assert not NotDoing.objects.exists()

    def test_the_wizard_asks_for_goal_and_justification(self, login):
        campaign = BareCampaignFactory(outcome="x", wizard_step="goal", goal_date=date(2099, 1, 1))
        goal = YearGoalFactory(year=2099)
        NotDoingFactory(year=2099)
        client = login(campaign.captain)

        def send(step, **data):
            return client.post(reverse("campaigns:wizard", args=[campaign.pk, step]), data)

        send("outcome", name="n", outcome="x", year_goal=goal.pk)
        refused = send("channels", ads="on", ads_why="typed")
        assert list(refused.context["form"].errors) == ["ads_justification"]
        assert not campaign.channels.exists()
        send("channels", ads="on", ads_justification="Half price.")

        campaign.refresh_from_db()
        assert (campaign.year_goal, campaign.channels.get().justification) == (goal, "Half price.")
        for page in ("channels", "channel"):
            pk = campaign.pk if page == "channels" else campaign.channels.get().pk
            assert "Half price." in text(client.get(reverse(f"campaigns:{page}", args=[pk])))


class TestApi:
    def test_reads_and_writes_goals_in_their_order(self, api, lead, three):
        client = api(lead)

        made = client.post("/api/v1/year-goals/", {"year": 2030, "name": "d"}, format="json")
        moved = client.patch(
            f"/api/v1/year-goals/{made.data['id']}/", {"position": 0, "why": "w"}, format="json"
        )
        twice = client.post("/api/v1/year-goals/", {"year": 2030, "name": "d"}, format="json")

        assert (made.status_code, moved.data["position"], moved.data["why"]) == (HTTPStatus.CREATED, 0, "w")
        assert twice.status_code == HTTPStatus.BAD_REQUEST
        assert names() == ["d", "a", "b", "c"]
        listed = client.get("/api/v1/year-goals/?year=2030").data["results"]
        assert len(listed) == 4

    def test_says_what_is_left_alone_and_asks_channels_for_it(self, api, lead):
        client, campaign = api(lead), CampaignFactory()
        made = client.post("/api/v1/not-doing/", {"year": 2030, "kind": "ads", "reason": "r"}, format="json")
        url = f"/api/v1/campaigns/{campaign.pk}/channels/"

        refused = client.post(url, {"kind": "ads"}, format="json")
        added = client.post(url, {"kind": "ads", "justification": "j"}, format="json")

        assert (made.status_code, refused.status_code) == (HTTPStatus.CREATED, HTTPStatus.BAD_REQUEST)
        assert added.data["justification"] == "j"
        assert (
            client.patch(f"/api/v1/not-doing/{made.data['id']}/", {"reason": "s"}, format="json").data[
                "reason"
            ]
            == "s"
        )
        assert client.delete(f"/api/v1/not-doing/{made.data['id']}/").status_code == HTTPStatus.NO_CONTENT

    def test_a_campaign_names_its_goal(self, api, lead, three):
        campaign = CampaignFactory()

        answer = api(lead).patch(
            f"/api/v1/campaigns/{campaign.pk}/", {"year_goal": three[0].pk}, format="json"
        )

        assert answer.data["year_goal"] == three[0].pk
        assert Campaign.objects.get().year_goal == three[0]
