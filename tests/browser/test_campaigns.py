"""Campaigns in a real browser: the plan backwards, the goal that moves, the checklist, small screens, axe."""

from datetime import date

import pytest
from playwright.sync_api import expect

from apps.accounts.models import User
from apps.campaigns.models import Campaign
from apps.core import clock
from tests.browser.axe import faults
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import (
    AudienceFactory,
    CampaignFactory,
    ChannelFactory,
    ContributorFactory,
    TaskFactory,
    goal_event_record,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 390, "height": 844}
FAR = date(2099, 1, 1)


@pytest.fixture
def captain():
    return UserFactory(name="Carla Moreau")


@pytest.fixture
def campaign(captain):
    campaign = CampaignFactory(
        captain=captain,
        name="Spring reactivation",
        stage=Campaign.Stage.BUILDING,
        goal_date=FAR,
        launch_date=FAR,
        start_date=date(2026, 1, 1),
        segment__name="Lapsed customers",
        channel__owner__name="Emil Okafor",
        goal_seen__occurred_at=clock.now(),
    )
    ChannelFactory(campaign=campaign, kind="social", owner=None)
    TaskFactory(campaign=campaign, assignee=captain, title="Agree the offer", due_date=date(2026, 1, 2))
    TaskFactory(campaign=campaign, title="Write the first e-mail", done=True)
    ContributorFactory(campaign=campaign, user__name="Hugo Marin")
    return campaign


TABS = ("plan", "channels", "team", "audience", "history", "kpis")
STEPS = ("outcome", "goal", "audience", "channels", "idea", "dates", "review")


@pytest.mark.parametrize(
    ("scheme", "viewport"),
    [("light", PHONE), ("dark", {"width": 1440, "height": 900})],
    ids=["light-phone", "dark-desk"],
)
def test_axe_finds_no_fault_and_nothing_is_wider_than_the_screen(visit, captain, campaign, scheme, viewport):
    here = f"/campaigns/{campaign.pk}/"
    channel, task = campaign.channels.first(), campaign.tasks.first()
    paths = ["/campaigns/", "/campaigns/?view=board", "/tasks/", here, f"{here}stage/", f"{here}readiness/"]
    if viewport == PHONE:  # where it is narrow, every page; the dark theme is one for all
        paths += [f"{here}{tab}/" for tab in TABS] + [f"{here}wizard/{step}/" for step in STEPS]
        paths += [f"/campaigns/channels/{channel.pk}/", f"/campaigns/tasks/{task.pk}/", "/campaigns/new/"]
    page = visit("/", as_user=captain, color_scheme=scheme, viewport=viewport)

    for path in paths:
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert faults(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path


def go_on(page):
    with page.expect_event("load"):  # a reload, or a look at the next field, must not overtake the save
        page.get_by_role("button", name="Save and go on").click()


def plan_the_end(page):
    """From the outcome to the channels."""
    page.get_by_label("Desired outcome").fill("500 lapsed customers order again.")
    page.get_by_label("Campaign name").fill("Spring")
    go_on(page)
    page.get_by_label("Goal event").fill("order")
    page.get_by_label("Target").fill("500")
    page.get_by_label("By", exact=True).fill("2099-06-30")
    go_on(page)
    page.get_by_label("Segment").select_option(label="Lapsed customers")
    go_on(page)
    page.get_by_label("E-mail").check()
    email = page.locator("#row-email")
    email.get_by_label("Channel owner").select_option(label="Emil Okafor")
    email.get_by_label("Why this channel").fill("They read it.")
    go_on(page)


def plan_the_beginning(page):
    """From the idea to the review."""
    page.get_by_label("Big idea").fill("You left something behind.")
    go_on(page)
    page.get_by_label("Launch").fill("2099-02-01")
    page.get_by_label("Start").fill("2099-01-01")
    go_on(page)
    page.get_by_role("button", name="Finish the plan").click()


@pytest.mark.parametrize("has_script", [True, False], ids=["script", "no-script"])
def test_a_captain_plans_backwards_and_reads_it_forwards(visit, captain, has_script):
    AudienceFactory(name="Lapsed customers")
    UserFactory(name="Emil Okafor")
    page = visit("/campaigns/", as_user=captain, java_script_enabled=has_script)

    page.get_by_role("link", name="New campaign").first.click()
    plan_the_end(page)
    page.reload()
    page.get_by_role("link", name="Back").click()
    expect(page.locator("#row-email").get_by_label("Why this channel")).to_have_value("They read it.")
    page.get_by_role("link", name="Big idea").click()
    plan_the_beginning(page)

    expect(page.get_by_role("heading", name="Spring", level=1)).to_be_visible()
    expect(page.locator(".story")).to_contain_text("Lapsed customers")
    expect(page.locator(".bookend-outcome")).to_contain_text("500 lapsed customers order again.")


def test_what_was_typed_survives_a_reload_before_it_is_saved(visit, captain):
    page = visit("/campaigns/new/", as_user=captain)
    page.get_by_label("Desired outcome").fill("500 lapsed customers order again.")
    page.wait_for_timeout(500)

    page.reload()

    expect(page.get_by_label("Desired outcome")).to_have_value("500 lapsed customers order again.")


def test_the_goal_moves_while_one_looks(visit, captain, campaign):
    page = visit(f"/campaigns/{campaign.pk}/", as_user=captain)
    expect(page.locator("#goal-reached")).to_have_text("1")

    goal_event_record(campaign, contact_id=7, occurred_at=clock.now())

    expect(page.locator("#goal-reached")).to_have_text("2", timeout=15_000)


def test_a_task_is_done_with_one_choice(visit, captain, campaign):
    page = visit("/tasks/", as_user=captain)

    with page.expect_navigation():
        page.get_by_label("State of Agree the offer").select_option(label="Done")

    expect(page.get_by_text("Nothing to do")).to_be_visible()


def test_readiness_is_overridden_and_the_stage_follows(visit, captain, campaign):
    page = visit(f"/campaigns/{campaign.pk}/readiness/", as_user=captain)
    expect(page.locator("#readiness-verdict")).to_have_attribute("data-ready", "no")

    line = page.locator("[id='check-campaigns.channels']")
    line.get_by_text("Override", exact=True).click()
    line.get_by_label("Reason").fill("Social begins in May.")
    line.get_by_role("button", name="Override with this reason").click()
    expect(page.locator("[id='check-campaigns.channels']")).to_contain_text("Social begins in May.")

    page.locator("#campaign-advance").click()
    expect(page.locator("#stage-entry")).to_contain_text("1 task is overdue.")
    page.get_by_label("Reason to go on all the same").fill("It is done on paper.")
    page.get_by_role("button", name="Move to Review all the same").click()

    expect(page.locator("#campaign-stage")).to_have_text("Review")


def test_a_comment_is_said_below_a_task(visit, captain, campaign):
    task = campaign.tasks.get(title="Agree the offer")
    page = visit(f"/campaigns/tasks/{task.pk}/", as_user=captain)

    page.get_by_label("Comment", exact=True).fill("Sales agrees.")
    page.get_by_role("button", name="Comment").click()

    expect(page.locator("#comments")).to_contain_text("Sales agrees.")


def test_a_contributor_sees_the_own_campaign_and_changes_nothing(visit, campaign):
    helper = User.objects.get(name="Hugo Marin")
    User.objects.filter(pk=helper.pk).update(role=User.Role.CONTRIBUTOR)
    page = visit(f"/campaigns/{campaign.pk}/", as_user=helper)

    expect(page.get_by_role("heading", level=1)).to_have_text("Spring reactivation")
    expect(page.locator("#campaign-advance")).to_have_count(0)
    expect(page.get_by_label("Change the big idea")).to_have_count(0)


@pytest.mark.parametrize("path", ["tab/results", "wizard/dates"])
def test_on_a_phone_the_open_tab_or_step_is_in_sight(visit, captain, campaign, path):
    page = visit(f"/campaigns/{campaign.pk}/{path}/", as_user=captain, viewport=PHONE)

    expect(page.locator(".tabs [aria-current], .wizard-steps [aria-current]")).to_be_in_viewport(ratio=0.9)
