import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from apps.campaigns import services, sheet
from apps.campaigns.models import Campaign
from apps.core import clock
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import BareCampaignFactory, CampaignFactory, TaskFactory

LONG = "x" * 10_000


class TestRead:
    @pytest.mark.parametrize(
        "text", ["2030-03-01", "1 Mar 2030", " 1  March 2030 ", "01.03.2030", "Mar 1, 2030"]
    )
    def test_reads_a_day_in_every_way_that_is_plain(self, text):
        assert sheet.cell_read("launch_date", text) == date(2030, 3, 1)

    @pytest.mark.parametrize(
        ("text", "number"), [("1,000", 1000), ("1 000", 1000), ("1234.5", Decimal("1234.5")), ("", None)]
    )
    def test_reads_a_number_with_its_groups(self, text, number):
        assert sheet.cell_read("goal_target", text) == number

    @pytest.mark.parametrize(
        ("key", "text", "sentence"),
        [
            ("launch_date", "03/01/2030", "Write the day as 2030-03-01"),
            ("goal_target", "many", "Write a number."),
            ("goal_target", "-1", "A target is more than nothing."),
            ("goal_target", "NaN", "A target is more than nothing."),
            ("goal_target", "1e30", "At most twelve digits"),
            ("goal_target", "0.001", "At most twelve digits"),
            ("stage", "soon", "There is no such stage."),
            ("name", "  ", "A campaign has a name."),
            ("name", LONG, "At most 200 letters."),
            ("captain", "", "This cannot be empty."),
        ],
    )
    def test_refuses_what_could_mean_something_else(self, key, text, sentence):
        with pytest.raises(sheet.CellRefused, match=sentence):
            sheet.cell_read(key, text)

    def test_what_a_cell_shows_can_be_pasted_back(self):
        campaign = Campaign(
            name="🚀 حملة",
            stage="live",
            launch_date=date(2030, 3, 1),
            goal_target=Decimal("500.00"),
            goal_event="order",
        )

        for key in ("name", "stage", "launch_date", "goal_target", "goal_event"):
            assert sheet.cell_read(key, sheet.cell_text(campaign, key)) == getattr(campaign, key)


@pytest.fixture
def campaign(db, noon):
    return CampaignFactory(captain__name="Carla", goal_seen=False)


def save(campaign, by, noon, seen=None, **texts):
    return services.row_save(campaign=campaign, texts=texts, by=by, now=noon, seen=seen)


@pytest.mark.django_db
class TestRowSave:
    def test_a_day_that_moves_tasks_says_so_first_and_moves_them_when_saved_again(self, noon, lead):
        campaign = BareCampaignFactory(launch_date=date(2030, 3, 21))
        task = TaskFactory(campaign=campaign, due_date=campaign.launch_date)
        day = date(2030, 3, 28)

        told = save(campaign, lead, noon, name="Renamed", launch_date=day.isoformat())
        task.refresh_from_db()
        stays = task.due_date
        services.row_save(
            campaign=campaign, texts={"launch_date": f"{day}"}, by=lead, now=noon, shown=told.shown
        )

        assert told.refused == {"launch_date": "1 task would move with it. Save again to move it too."}
        assert (told.campaign.name, stays) == ("Renamed", campaign.launch_date)
        task.refresh_from_db()
        assert task.due_date > stays

    def test_keeps_each_cell_that_is_right_and_tells_why_of_the_others(self, campaign, lead, noon):
        row = save(
            campaign, lead, noon, name="Renamed", launch_date="2030-03-12", goal_target="many", stage="moon"
        )

        assert (row.campaign.name, row.campaign.launch_date) == ("Renamed", date(2030, 3, 12))
        assert row.campaign.goal_target == Decimal(200)
        assert row.refused == {"goal_target": "Write a number.", "stage": "There is no such stage."}

    def test_days_are_right_together(self, campaign, lead, noon):
        row = save(
            campaign, lead, noon, start_date="2030-07-01", launch_date="2030-07-05", goal_date="2030-09-01"
        )

        assert row.refused == {}
        assert row.campaign.goal_date == date(2030, 9, 1)

    def test_a_day_in_the_past_is_refused_alone(self, campaign, lead, noon):
        row = save(campaign, lead, noon, launch_date="2020-01-01", name="Renamed")

        assert list(row.refused) == ["launch_date"]
        assert row.campaign.name == "Renamed"

    def test_a_stage_is_entered_by_its_gate_only(self, lead, noon):
        row = save(BareCampaignFactory(), lead, noon, stage="Planning")

        assert row.refused == {"stage": "A campaign needs both bookends to leave the first stage."}
        assert row.campaign.stage == "idea"

    def test_a_captain_is_named_by_name_or_address(self, campaign, lead, noon):
        other = UserFactory(name="Noor", email="noor@bookend.example")

        assert save(campaign, lead, noon, captain="noor").campaign.captain == other
        UserFactory(name="Noor")
        assert "Several people" in save(campaign, lead, noon, captain="Noor").refused["captain"]
        assert "Nobody of this name" in save(campaign, lead, noon, captain="Stranger").refused["captain"]

    @pytest.mark.parametrize(("key", "text"), [("name", "Mine"), ("stage", "Building")])
    def test_what_somebody_else_changed_meanwhile_is_not_overwritten(self, campaign, lead, noon, key, text):
        seen = campaign.version
        services.campaign_update(campaign=campaign, by=lead, now=noon, name="Theirs")
        services.campaign_advance(campaign=campaign, stage="review", by=lead, now=noon)

        row = save(campaign, lead, noon, seen=seen, **{key: text})

        assert "has changed this to" in row.refused[key]
        assert (row.campaign.name, row.campaign.stage) == ("Theirs", "review")


@pytest.mark.django_db
class TestPage:
    def post(self, client, *cells):
        return client.post(reverse("campaigns:cells_save"), {"cells": json.dumps(cells)})

    def test_saves_a_block_in_one_request_and_answers_with_the_rows(self, login, lead):
        first, second = BareCampaignFactory(name="One"), BareCampaignFactory(name="Two")

        answer = self.post(login(lead), [first.pk, "name", "Uno", 1], [second.pk, "launch_date", "soon", 1])

        page = answer.content.decode()
        first.refresh_from_db()
        assert first.name == "Uno"
        assert 'data-typed="soon"' in page
        assert "Write the day as" in page
        assert page.count("<tr") == 2

    def test_changes_nothing_for_who_may_only_look(self, login):
        campaign = BareCampaignFactory(name="One")

        answer = self.post(login(UserFactory()), [campaign.pk, "name", "Mine", 1])

        campaign.refresh_from_db()
        assert campaign.name == "One"
        assert "You may not change this campaign." in answer.content.decode()

    def test_a_campaign_that_one_may_not_see_does_not_exist(self, login):
        contributor = UserFactory(role="contributor")

        assert self.post(login(contributor), [BareCampaignFactory().pk, "name", "x", 1]).status_code == 404

    @pytest.mark.parametrize(
        "cells",
        ["", "{}", "[]", "[[1]]", '[["x","name","y",1]]', '[[1,"password","y",1]]', '[[1,"name",5,1]]'],
    )
    def test_what_is_no_cell_is_refused(self, login, lead, cells):
        assert login(lead).post(reverse("campaigns:cells_save"), {"cells": cells}).status_code == 400

    def test_cells_are_links_to_the_form_for_who_may_change_them(self, login, lead):
        campaign = BareCampaignFactory(launch_date=clock.now().date() + timedelta(days=1))

        page = login(lead).get("/campaigns/?view=sheet").content.decode()

        assert reverse("campaigns:wizard", args=[campaign.pk, "dates"]) in page
        assert f'data-version="{campaign.version}"' in page

    def test_costs_the_same_for_one_and_for_many(self, login, lead, django_assert_max_num_queries):
        CampaignFactory.create_batch(10, goal_seen=False)
        client = login(lead)

        with django_assert_max_num_queries(8):
            client.get("/campaigns/?view=sheet")
