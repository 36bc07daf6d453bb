"""The captain moves the outcome's date in a real browser: what follows is seen first, then done."""

from datetime import date

import pytest
from playwright.sync_api import expect

from apps.campaigns.models import Campaign, Task
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import CampaignFactory, TaskFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# A Monday, and the Monday after it.
GOAL, LATER = date(2098, 6, 2), date(2098, 6, 9)


def due(title):
    return Task.objects.get(title=title).due_date


def test_the_captain_moves_the_outcome_and_the_tasks_follow_but_the_pinned_one(visit):
    captain = UserFactory(name="Carla Moreau")
    campaign = CampaignFactory(
        captain=captain,
        stage=Campaign.Stage.BUILDING,
        start_date=date(2026, 1, 1),
        launch_date=date(2098, 5, 5),
        goal_date=GOAL,
    )
    day = date(2098, 5, 30)
    for title, is_pinned in (("Ask ten buyers", False), ("Rent the hall", True)):
        TaskFactory(
            campaign=campaign,
            title=title,
            anchor="outcome",
            offset_days=-1,
            start_date=day,
            due_date=day,
            is_pinned=is_pinned,
        )
    page = visit(f"/campaigns/{campaign.pk}/plan/", as_user=captain)

    page.get_by_role("link", name="Move the plan").click()
    page.get_by_label("Outcome's date").fill(LATER.isoformat())
    page.get_by_role("button", name="See what would move").click()

    preview = page.locator("#plan-preview")
    expect(preview).to_contain_text("Ask ten buyers")
    expect(preview).to_contain_text("Pinned, and staying: Rent the hall")
    assert due("Ask ten buyers") == day

    page.get_by_role("button", name="Move the plan and 1 task").click()

    expect(page.locator("#plan-moved")).to_contain_text("Carla Moreau moved the plan, and 1 task with it")
    assert (due("Ask ten buyers"), due("Rent the hall")) == (date(2098, 6, 6), day)
    campaign.refresh_from_db()
    assert campaign.goal_date == LATER
