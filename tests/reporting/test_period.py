from datetime import timedelta

import pytest

from apps.campaigns import stages
from apps.campaigns.models import Campaign
from apps.reporting import services
from tests.factories.campaigns import CampaignFactory
from tests.factories.reporting import message_launched, recipient_add

pytestmark = pytest.mark.django_db


def unmet(campaign: Campaign, now) -> list[str]:
    return stages.unmet(campaign, Campaign.Stage.CLOSED, now)


@pytest.fixture
def campaign():
    return CampaignFactory(stage="reporting", conversion_window_days=14)


def test_closing_waits_for_the_window_of_the_last_message(campaign, noon):
    message = message_launched(campaign=campaign, sent=1)
    end = message.launched_at + timedelta(days=14)

    assert unmet(campaign, end) == [f"Conversions can still come until {end:%-d %b %Y}."]
    assert unmet(campaign, end + timedelta(hours=1)) == []


def test_closing_waits_for_who_is_still_in_line(campaign, noon):
    recipient_add(message_launched(campaign=campaign, sent=1), state="queued")

    assert unmet(campaign, noon + timedelta(days=90)) == ["A message is still being sent."]


def test_a_campaign_without_messages_has_no_window_to_wait_for(campaign, noon):
    assert unmet(campaign, noon) == []


def test_results_are_final_when_the_campaign_may_close(campaign, noon):
    end = message_launched(campaign=campaign, sent=1).launched_at + timedelta(days=14)

    for at in (end, end + timedelta(hours=1)):
        result = services.results_refresh(campaign=campaign, now=at)
        assert result.is_final is (unmet(campaign, at) == [])
