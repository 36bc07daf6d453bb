from datetime import date, timedelta

import pytest
from django.urls import reverse

from apps.campaigns import calendar, moves, services
from apps.campaigns.errors import DatesDoNotFit, Refused
from apps.campaigns.models import Campaign
from apps.core import clock
from tests.factories.campaigns import BareCampaignFactory, CampaignFactory, ChannelFactory, TaskFactory

HTMX = {"HX-Request": "true"}
JUNE = calendar.window_of("month", date(2030, 6, 15))


def text(response):
    return response.content.decode()


def spanned(begins, ends, *, launch=None, pk=1):
    campaign = Campaign(pk=pk, name=f"Campaign {pk}", launch_date=launch)
    campaign.begins, campaign.ends = begins, ends
    return campaign


class TestWindow:
    def test_is_the_whole_month_or_the_week_from_monday(self):
        week = calendar.window_of("week", date(2030, 6, 16))

        assert (JUNE.first, JUNE.last) == (date(2030, 6, 1), date(2030, 6, 30))
        assert (week.first, week.last) == (date(2030, 6, 10), date(2030, 6, 16))
        assert (JUNE.earlier, JUNE.later) == (date(2030, 5, 31), date(2030, 7, 1))


class TestBars:
    def test_a_bar_is_cut_at_the_edges_of_the_window(self):
        bar = calendar.bar_of(spanned(date(2030, 5, 1), date(2030, 6, 3), launch=date(2030, 6, 2)), JUNE, [])

        assert (bar.column, bar.length, bar.launch) == (1, 3, 2)
        assert (bar.begins_before, bar.ends_after) == (True, False)

    def test_bars_that_touch_stand_in_different_rows_and_others_share_one(self):
        days = [(1, 5), (5, 8), (6, 9)]
        bars = [
            calendar.bar_of(spanned(date(2030, 6, first), date(2030, 6, last), pk=pk), JUNE, [])
            for pk, (first, last) in enumerate(days, 1)
        ]

        assert [[bar.campaign.pk for bar in row] for row in calendar.packed(bars)] == [[1, 3], [2]]

    def test_a_mark_outside_a_bar_keeps_its_place_free(self):
        mark = calendar.Mark(date(2030, 6, 9), 1, "", "Task due", "/", "checklist")
        bar = calendar.bar_of(spanned(date(2030, 6, 1), date(2030, 6, 5)), JUNE, [mark])

        assert (bar.first, bar.last) == (1, 9)

    def test_the_hottest_day_is_four_and_any_other_with_somebody_at_least_one(self):
        heat = calendar.heat_of({date(2030, 6, 1): 1000, date(2030, 6, 2): 1}, JUNE)

        assert [one.level for one in heat[:3]] == [4, 1, 0]


class TestShifted:
    def campaign(self, **fields):
        days = {
            "start_date": date(2030, 3, 1),
            "launch_date": date(2030, 3, 10),
            "goal_date": date(2030, 6, 1),
        }
        return Campaign(**(days | fields))

    def test_moves_what_is_still_to_come_and_leaves_what_has_passed(self):
        moved = moves.shifted(self.campaign(), part="all", days=3, today=date(2030, 3, 5))

        assert moved == {"launch_date": date(2030, 3, 13), "goal_date": date(2030, 6, 4)}

    @pytest.mark.parametrize(
        ("fields", "days", "error", "sentence"),
        [
            ({}, -5, DatesDoNotFit, "It would land in the past."),
            ({"stage": "closed"}, 1, Refused, "This campaign is closed"),
            ({"launch_date": None, "goal_date": None}, 1, Refused, "No day of it is still to come"),
            ({}, 10**7, DatesDoNotFit, "That is too far."),
        ],
    )
    def test_refuses_the_past_and_what_is_over(self, fields, days, error, sentence):
        with pytest.raises(error, match=sentence):
            moves.shifted(self.campaign(**fields), part="all", days=days, today=date(2030, 3, 8))


@pytest.fixture
def today():
    return clock.now().date()


@pytest.fixture
def campaign(today):
    return BareCampaignFactory(
        name="Spring",
        start_date=today + timedelta(days=5),
        launch_date=today + timedelta(days=7),
        goal_date=today + timedelta(days=9),
    )


def move_url(campaign):
    return reverse("campaigns:move", args=[campaign.pk])


@pytest.mark.django_db
class TestMove:
    def test_goes_at_once_where_nothing_is_to_be_asked_and_can_be_taken_back(self, login, campaign):
        client = login(campaign.captain)
        before = campaign.launch_date

        dropped = client.post(
            move_url(campaign), {"part": "launch", "days": "1", "version": "1"}, headers=HTMX
        )
        page = text(client.get("/campaigns/?view=calendar"))
        campaign.refresh_from_db()
        moved = campaign.launch_date
        token = page.partition('name="token" value="')[2].partition('"')[0]
        client.post(reverse("campaigns:move_undo", args=[campaign.pk]), {"token": token})

        assert dropped.status_code == 204
        assert dropped.headers["HX-Trigger"] == "calendar-changed"
        assert moved == before + timedelta(days=1)
        assert "“Spring” has been moved." in page
        campaign.refresh_from_db()
        assert campaign.launch_date == before

    def test_a_move_is_not_taken_back_over_the_head_of_who_moved_it_again(self, login, campaign, lead, noon):
        client = login(campaign.captain)
        client.post(move_url(campaign), {"part": "launch", "days": "1", "version": "1"}, headers=HTMX)
        page = text(client.get("/campaigns/?view=calendar"))
        token = page.partition('name="token" value="')[2].partition('"')[0]
        campaign.refresh_from_db()
        again = campaign.goal_date
        services.campaign_move(campaign=campaign, dates={"launch_date": again}, by=lead, now=clock.now())

        client.post(reverse("campaigns:move_undo", args=[campaign.pk]), {"token": token})

        campaign.refresh_from_db()
        assert campaign.launch_date == again

    def test_says_what_else_is_launched_that_day_on_the_same_channel_and_asks(self, login, campaign):
        ChannelFactory(campaign=campaign)
        there = campaign.launch_date + timedelta(days=1)
        other = BareCampaignFactory(name="Autumn", launch_date=there)
        ChannelFactory(campaign=other)
        client = login(campaign.captain)
        asked = {"part": "launch", "days": "1", "version": "1"}

        answer = client.post(move_url(campaign), asked, headers=HTMX)

        assert "Autumn" in text(answer)
        campaign.refresh_from_db()
        assert campaign.launch_date == there - timedelta(days=1)
        client.post(move_url(campaign), {**asked, "is_confirmed": "on"}, headers=HTMX)
        campaign.refresh_from_db()
        assert campaign.launch_date == there

    def test_shows_which_tasks_move_along_before_they_do(self, login, campaign):
        task = TaskFactory(campaign=campaign, title="Print it", due_date=campaign.launch_date)
        client = login(campaign.captain)
        asked = {"part": "all", "days": "7", "version": "1"}

        answer = client.post(move_url(campaign), asked, headers=HTMX)
        task.refresh_from_db()
        stays = task.due_date
        shown = answer.context["preview"].fingerprint
        unseen = client.post(move_url(campaign), {**asked, "is_confirmed": "on"}, headers=HTMX)
        client.post(move_url(campaign), {**asked, "is_confirmed": "on", "shown": shown}, headers=HTMX)

        assert "1 task moves" in text(answer)
        assert "Print it" in text(answer)
        assert stays == campaign.launch_date
        assert "This is what would move now" in text(unseen)
        task.refresh_from_db()
        assert task.due_date > stays

    def test_asks_before_something_approved_is_moved(self, login, campaign):
        Campaign.objects.filter(pk=campaign.pk).update(stage="ready", idea="x", outcome="y")

        answer = login(campaign.captain).post(
            move_url(campaign), {"part": "all", "days": "1", "version": "1"}
        )

        assert "people have said yes to the days as they are" in text(answer)
        campaign.refresh_from_db()
        assert campaign.version == 1

    def test_refuses_the_past_beside_the_field_and_moves_nothing(self, login, campaign):
        answer = login(campaign.captain).post(
            move_url(campaign), {"part": "all", "days": "-30", "version": "1"}, headers=HTMX
        )

        assert "It would land in the past." in text(answer)
        campaign.refresh_from_db()
        assert campaign.version == 1

    def test_a_forged_undo_does_nothing(self, login, campaign):
        client = login(campaign.captain)

        client.post(reverse("campaigns:move_undo", args=[campaign.pk]), {"token": "x:y"})

        campaign.refresh_from_db()
        assert campaign.version == 1


@pytest.mark.django_db
class TestPage:
    def test_shows_lanes_bars_and_marks_and_keeps_the_filter(self, login, lead, campaign):
        ChannelFactory(campaign=campaign)
        TaskFactory.create_batch(2, campaign=campaign, due_date=campaign.launch_date)
        BareCampaignFactory(name="Elsewhere", start_date=campaign.start_date, goal_date=campaign.goal_date)
        at = f"/campaigns/?view=calendar&channel=email&day={campaign.launch_date}"

        page, fragment = login(lead).get(at), login(lead).get(at, headers=HTMX)

        assert "E-mail" in text(fragment)
        assert "2 tasks due" in text(fragment)
        assert "Elsewhere" not in text(fragment)
        assert "<html" not in text(fragment)
        assert "channel=email" in text(page).partition('rel="earlier"')[0]

    @pytest.mark.parametrize(
        "query", ["day=x", "day=0001-01-01", "day=9999-12-31", "scale=year&lanes=moon", "segment=x"]
    )
    def test_opens_whatever_the_address_says(self, login, lead, query):
        assert login(lead).get(f"/campaigns/?view=calendar&{query}").status_code == 200

    def test_costs_the_same_for_few_and_for_many(self, login, lead, campaign, django_assert_max_num_queries):
        for _number in range(10):
            other = CampaignFactory(
                start_date=campaign.start_date, launch_date=None, goal_date=campaign.goal_date
            )
            TaskFactory(campaign=other, due_date=campaign.launch_date)
        client = login(lead)

        with django_assert_max_num_queries(12):
            client.get(f"/campaigns/?view=calendar&day={campaign.start_date}&segment={other.segment_id}")


@pytest.mark.django_db
class TestApi:
    def test_tells_what_runs_in_these_days_with_its_marks(self, api, lead, campaign):
        TaskFactory(campaign=campaign, due_date=campaign.launch_date)
        BareCampaignFactory(start_date=date(2020, 1, 1), goal_date=date(2020, 2, 1))
        span = {"first": str(campaign.start_date), "last": str(campaign.goal_date)}

        told = api(lead, "campaigns:read").get("/api/v1/calendar-entries/", span).data["results"]

        assert [(entry["name"], entry["begins"]) for entry in told] == [("Spring", str(campaign.start_date))]
        assert [mark["text"] for mark in told[0]["marks"]] == ["1 task due"]

    @pytest.mark.parametrize("last", ["2030-02-01", "2040-01-01", "soon", ""])
    def test_refuses_days_that_are_none_or_too_many(self, api, lead, last):
        asked = {"first": "2030-03-01", "last": last}

        assert api(lead, "campaigns:read").get("/api/v1/calendar-entries/", asked).status_code == 400
