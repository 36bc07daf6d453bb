"""The campaigns page in a real browser: a block pasted with one cell refused; a card carried by keyboard."""

import pytest
from playwright.sync_api import expect

from apps.campaigns.models import Campaign
from tests.factories.campaigns import BareCampaignFactory

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
