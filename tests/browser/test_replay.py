"""A finished campaign is started again in a real browser: one thing changes, and the page says which."""

from datetime import date

import pytest
from playwright.sync_api import expect

from apps.campaigns.models import Campaign
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import CampaignFactory, LessonFactory, TaskFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_next_campaign_starts_from_this_one_and_tells_what_changed(visit):
    captain = UserFactory(name="Carla Moreau")
    parent = CampaignFactory(
        captain=captain,
        name="Autumn letters",
        stage=Campaign.Stage.REPORTING,
        start_date=date(2026, 2, 1),
        launch_date=date(2026, 3, 1),
        goal_date=date(2026, 6, 1),
    )
    TaskFactory(campaign=parent, title="Write the letter", due_date=date(2026, 2, 20))
    LessonFactory(campaign=parent, text="Write in the morning.", element="idea")
    page = visit(f"/campaigns/{parent.pk}/", as_user=captain)

    page.get_by_role("link", name="Start the next one", exact=True).click()
    page.get_by_label("Launch").fill("2099-03-01")
    page.get_by_label("Big idea").fill("Write to those who write back.")
    page.get_by_role("button", name="Start it").click()

    changes = page.locator("#lineage-diff")
    expect(changes).to_contain_text("Write to those who write back.")
    expect(changes).to_contain_text("1 Mar 2099")
    expect(changes).not_to_contain_text("Desired outcome")
    expect(page.get_by_role("heading", level=1)).to_have_text("Autumn letters, generation 2")
    child = Campaign.objects.get(parent=parent)
    page.goto(f"/campaigns/{child.pk}/plan/")
    expect(page.get_by_text("Write the letter")).to_be_visible()
    page.goto(f"/campaigns/{child.pk}/wizard/idea/")
    expect(page.locator("#wizard-guide")).to_contain_text("Write in the morning.")
