from datetime import date

import pytest

from apps.campaigns import bars
from apps.campaigns.models import Campaign
from tests.factories.campaigns import BareCampaignFactory

TODAY = date(2030, 6, 15)
YEAR = bars.months_around(TODAY)


def drawn(**days):
    campaign = Campaign(**days)
    campaign.begins = campaign.start_date or campaign.launch_date
    campaign.ends = campaign.goal_date or campaign.launch_date
    return bars.line_of(campaign, YEAR, TODAY)


def test_three_months_lie_behind_today():
    assert (YEAR.first, YEAR.end) == (date(2030, 3, 1), date(2031, 3, 1))
    assert (YEAR.earlier, YEAR.later) == (date(2029, 9, 1), date(2030, 9, 1))


def test_the_outcome_stands_at_the_right_end_of_the_bar_and_the_launch_within():
    picture = drawn(start_date=date(2030, 3, 1), launch_date=date(2030, 4, 1), goal_date=date(2030, 5, 31))

    assert '<rect class="span" x="0.0" y="7" width="302.5" height="12" rx="3"/>' in picture
    assert '<rect class="outcome" x="297.5"' in picture
    assert '<line class="launch" x1="101.9"' in picture


def test_without_a_launch_or_an_outcome_there_is_no_mark_of_them():
    picture = drawn(start_date=date(2030, 3, 1), launch_date=date(2030, 3, 1))

    assert 'class="outcome"' not in picture
    assert 'class="launch"' in picture


@pytest.mark.django_db
class TestPage:
    def test_shows_those_that_run_then_the_first_on_top_and_keeps_the_filter(self, login, lead):
        BareCampaignFactory(name="Second", start_date=date(2030, 5, 1), goal_date=date(2030, 6, 1))
        BareCampaignFactory(name="First", start_date=date(2030, 4, 1), goal_date=date(2030, 6, 1))
        BareCampaignFactory(name="Long ago", start_date=date(2020, 4, 1), goal_date=date(2020, 6, 1))

        page = login(lead).get("/campaigns/?view=timeline&day=2030-03-01&stage=idea").content.decode()

        assert page.index(">First<") < page.index(">Second<")
        assert "Long ago" not in page
        assert "?view=board&amp;day=2030-03-01&amp;stage=idea" in page

    @pytest.mark.parametrize("day", ["x", "0001-01-01", "9999-12-31"])
    def test_opens_whatever_the_address_says(self, login, lead, day):
        assert login(lead).get(f"/campaigns/?view=timeline&day={day}").status_code == 200
