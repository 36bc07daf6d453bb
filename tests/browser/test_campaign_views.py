"""The campaigns page in a real browser: a block pasted with one cell refused; a card carried by keyboard."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from apps.campaigns.models import Campaign
from apps.core import clock
from tests.factories.campaigns import BareCampaignFactory, CampaignFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASTE = """(cell, text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", text);
    cell.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""


def test_a_block_is_pasted_what_is_wrong_stays_with_its_reason_and_the_paste_is_taken_back(visit, lead):
    campaign = BareCampaignFactory(name="Spring")
    page = visit("/campaigns/?view=sheet", as_user=lead)
    row = page.locator(f"#sheet-{campaign.pk}")

    row.locator("[data-cell=goal_date]").click()
    row.locator("[data-cell=goal_date]").evaluate(PASTE, "2099-03-01\tmany")

    expect(row.locator("[data-cell=goal_date]")).to_have_text("1 Mar 2099")
    expect(row.locator("[data-cell=goal_target]")).to_contain_text("many")
    expect(row.locator("[data-cell=goal_target]")).to_contain_text("Write a number.")
    page.locator("#sheet-undo").click()
    expect(row.locator("[data-cell=goal_date]")).to_have_text("–")
    row.locator("[data-cell=name]").click()
    page.keyboard.press("F2")
    page.keyboard.press("End")
    page.keyboard.type(" again")
    page.keyboard.press("Tab")
    expect(row.locator("[data-cell=name]")).to_have_text("Spring again")
    expect(row.locator("[data-cell=captain]")).to_be_focused()


def test_a_card_carried_by_keyboard_into_a_gated_stage_says_what_is_unmet_and_goes_back(visit, lead):
    campaign = BareCampaignFactory(name="Spring", idea="An idea", outcome="An outcome", stage="planning")
    page = visit("/campaigns/?view=board", as_user=lead)
    grip = page.locator(f"#grip-{campaign.pk}")

    grip.focus()
    for key in ("Enter", "ArrowRight", "Enter"):
        page.keyboard.press(key)

    dialog = page.locator("#board-dialog")
    expect(dialog).to_contain_text("No segment is chosen as the audience.")
    expect(page.locator("[data-stage=planning]").get_by_text("Spring")).to_have_count(1)
    dialog.get_by_label("Reason").fill("The list comes on Monday.")
    dialog.get_by_role("button", name="all the same").click()
    expect(page.locator("[data-stage=building]").get_by_text("Spring")).to_have_count(1)
    expect(dialog).to_be_hidden()
    assert Campaign.objects.get().stage == "building"


def test_a_finger_that_rests_on_a_bar_moves_it_by_days(visit, lead):
    start = (clock.now().date() + timedelta(days=40)).replace(day=5)
    days = {
        "start_date": start,
        "launch_date": start + timedelta(days=5),
        "goal_date": start + timedelta(days=10),
    }
    campaign = CampaignFactory(captain=lead, **days)
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    page = visit(f"/campaigns/?view=calendar&day={start}", as_user=lead, **phone)
    bar = page.locator("[data-calendar] .calendar-bar[data-move]")
    page.wait_for_load_state("networkidle")  # the bar stays where it is from now on
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    finger, x, y = page.context.new_cdp_session(page), box["x"] + 160, box["y"] + 13

    def touch(kind, *points):
        told = {"type": kind, "touchPoints": [{"x": at, "y": y} for at in points]}
        finger.send("Input.dispatchTouchEvent", told)

    touch("touchStart", x)
    expect(page.locator("[data-moving]")).to_have_count(1)
    for step in (10, 30, 54):  # two days of 27 pixels
        touch("touchMove", x + step)
    touch("touchEnd")

    expect(page.locator("#calendar-dialog")).to_contain_text(f"{start + timedelta(days=2):%-d %b %Y}")
    page.locator("#calendar-dialog").get_by_role("button", name="Move").first.click()
    expect(page.locator("#calendar-dialog")).not_to_be_visible()
    campaign.refresh_from_db()
    assert campaign.start_date == start + timedelta(days=2)
