from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.urls import reverse

from apps.campaigns import cards
from apps.campaigns.models import Campaign, Override
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import BareCampaignFactory, TaskFactory

HTMX = {"HX-Request": "true"}
NOON = datetime(2030, 3, 16, 12, 0, tzinfo=UTC)


def text(response):
    return response.content.decode()


def drop(client, campaign, stage, **more):
    return client.post(reverse("campaigns:drop", args=[campaign.pk]), {"stage": stage, **more}, headers=HTMX)


class TestLight:
    @pytest.mark.parametrize(
        ("fields", "light"),
        [
            ({"goal_reached": None}, ("neutral", "Not counted yet")),
            ({"goal_target": None}, ("neutral", "Not counted yet")),
            ({"goal_reached": Decimal(100)}, ("good", "Reached")),
            ({"goal_reached": Decimal(60)}, ("good", "On pace")),
            ({"goal_reached": Decimal(10)}, ("warn", "Behind")),
            ({"goal_date": date(2030, 3, 15)}, ("bad", "Missed")),
            ({"start_date": date(2030, 3, 17)}, ("neutral", "Not begun")),
            ({"launch_date": date(2030, 3, 20)}, ("neutral", "Not launched yet")),
        ],
    )
    def test_is_what_the_last_count_says_against_an_even_pace(self, fields, light):
        told = {
            "start_date": date(2030, 3, 1),
            "goal_date": date(2030, 3, 31),
            "goal_target": Decimal(100),
            "goal_reached": Decimal(10),
            "watched_at": NOON,
        }

        found = cards.light_of(Campaign(**(told | fields)), NOON)

        assert (found.tone, found.label) == light


@pytest.mark.django_db
class TestDrop:
    def test_moves_a_card_whose_stage_is_open(self, login, lead):
        campaign = BareCampaignFactory(idea="An idea", outcome="An outcome")

        answer = drop(login(lead), campaign, "planning")

        campaign.refresh_from_db()
        assert (answer.status_code, campaign.stage) == (204, "planning")
        assert answer.headers["HX-Trigger"] == "board-changed"

    def test_says_what_is_unmet_and_the_card_stays(self, login, lead):
        campaign = BareCampaignFactory(idea="An idea", outcome="An outcome", stage="planning")

        answer = drop(login(lead), campaign, "building")

        campaign.refresh_from_db()
        assert (answer.status_code, campaign.stage) == (200, "planning")
        assert "No segment is chosen as the audience." in text(answer)

    def test_goes_on_all_the_same_for_a_reason_that_is_kept(self, login, lead):
        campaign = BareCampaignFactory(idea="An idea", outcome="An outcome", stage="planning")

        answer = drop(login(lead), campaign, "building", reason="The list comes on Monday.")

        campaign.refresh_from_db()
        assert (answer.status_code, campaign.stage) == (204, "building")
        assert Override.objects.get().reason == "The list comes on Monday."

    def test_without_a_bookend_no_reason_is_good_enough(self, login, lead):
        campaign = BareCampaignFactory()

        answer = drop(login(lead), campaign, "planning", reason="Because")

        campaign.refresh_from_db()
        assert campaign.stage == "idea"
        assert "A campaign needs both bookends to leave the first stage." in text(answer)
        assert "all the same</button>" not in text(answer)

    def test_a_stage_that_is_none_moves_nothing(self, login, lead):
        campaign = BareCampaignFactory()

        assert drop(login(lead), campaign, "moon").status_code == 200
        campaign.refresh_from_db()
        assert campaign.stage == "idea"


@pytest.mark.django_db
def test_cards_show_tasks_done_of_all_and_only_who_leads_lifts_them(login, lead):
    campaign = BareCampaignFactory()
    TaskFactory(campaign=campaign)
    TaskFactory(campaign=campaign, done=True)

    page = text(login(lead).get("/campaigns/?view=board"))
    others = text(login(UserFactory()).get("/campaigns/?view=board"))

    assert "1/2" in page
    assert f'id="grip-{campaign.pk}"' in page
    assert f'id="grip-{campaign.pk}"' not in others
