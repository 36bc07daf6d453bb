"""Two stories in a real browser: a challenge holds a launch; an owner stays within the own channel."""

from datetime import date

import pytest
from playwright.sync_api import expect

from apps.campaigns.models import Campaign, Challenge
from apps.core import clock
from tests.browser.axe import faults
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import CampaignFactory, ChannelFactory, TaskFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FAR = date(2099, 1, 1)


@pytest.fixture
def campaign():
    return CampaignFactory(
        captain=UserFactory(name="Carla Moreau"),
        name="Spring reactivation",
        stage=Campaign.Stage.READY,
        goal_date=FAR,
        launch_date=FAR,
        start_date=date(2026, 1, 1),
        channel__owner=UserFactory(name="Emil Okafor"),
        goal_seen__occurred_at=clock.now(),
    )


def test_a_challenge_holds_the_launch_until_it_is_answered_and_decided(campaign, visit):
    owner = campaign.channels.get().owner
    task = TaskFactory(campaign=campaign, assignee=owner, title="Agree the offer")

    page = visit(f"/campaigns/tasks/{task.pk}/", as_user=campaign.captain)
    page.get_by_role("link", name="Challenge this").click()
    page.get_by_label("Question").fill("Have the shops agreed to it?")
    page.get_by_role("button", name="Ask, and hold it").click()
    expect(page.get_by_role("heading", name="Agree the offer")).to_be_visible()
    page.goto(f"/campaigns/{campaign.pk}/readiness/")
    expect(page.locator("#readiness-list")).to_contain_text("Have the shops agreed to it?")

    challenge = Challenge.objects.get()
    answering = visit(f"/campaigns/challenges/{challenge.pk}/", as_user=owner)
    assert faults(answering) == []
    answering.get_by_label("Answer").fill("All three, on Monday.")
    answering.get_by_role("button", name="Answer").click()
    expect(answering.locator("#campaign-tab")).to_contain_text("All three, on Monday.")

    page.goto(f"/campaigns/challenges/{challenge.pk}/")
    page.get_by_label("Accepted").check()
    page.get_by_label("What was decided").fill("The offer stands.")
    page.get_by_role("button", name="Resolve").click()
    expect(page.locator("#campaign-tab")).to_contain_text("The offer stands.")
    page.goto(f"/campaigns/{campaign.pk}/readiness/")
    expect(page.locator("#readiness-list")).to_contain_text("No challenge is open.")


def test_an_owner_is_refused_outside_the_own_channel(campaign, visit):
    owner = campaign.channels.get().owner
    other = ChannelFactory(campaign=campaign, kind="social")

    page = visit(f"/campaigns/channels/{campaign.channels.get(kind='email').pk}/", as_user=owner)
    expect(page.get_by_role("button", name="Save")).to_be_visible()
    page.goto(f"/campaigns/channels/{other.pk}/")
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
    page.goto(f"/campaigns/{campaign.pk}/plan/")
    page.locator("#task-add summary").click()
    page.get_by_label("Task", exact=True).fill("Post every day")
    page.locator("#task-add").get_by_label("Channel").select_option(label="Social")
    page.get_by_role("button", name="Add the task").click()

    expect(page.locator("#task-add")).to_contain_text("You may plan tasks of your own channel.")
    assert not campaign.tasks.exists()
