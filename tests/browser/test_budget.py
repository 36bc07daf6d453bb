"""The budget in a real browser: a line edited where it stands, and the round trip as a spreadsheet."""

from decimal import Decimal

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect
from xlsxwriter import Workbook

from apps.campaigns.models import BudgetLine
from tests.factories.campaigns import BudgetLineFactory, CampaignFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def rewrite(source, target, *, cell, value):
    """Write the workbook anew with one cell changed, its total following as in a spreadsheet."""
    rows = [list(row) for row in load_workbook(source, data_only=True).active.iter_rows(values_only=True)]
    row, column = cell
    total = rows[-1]
    total[column] += value - rows[row][column]
    rows[row][column] = value
    with Workbook(str(target)) as book:
        sheet = book.add_worksheet()
        for number, cells in enumerate(rows):
            sheet.write_row(number, 0, ["" if one is None else one for one in cells])


def test_a_budget_goes_out_as_a_spreadsheet_and_comes_back_changed(visit, tmp_path):
    campaign = CampaignFactory()
    prints = BudgetLineFactory(campaign=campaign, label="Prints", planned=Decimal(100))
    posts = BudgetLineFactory(campaign=campaign, label="Sponsored posts", planned=Decimal(50))
    page = visit(f"/campaigns/{campaign.pk}/budget/", as_user=campaign.captain)

    # A line where it stands: the sums above it follow.
    page.get_by_role("link", name="Change Sponsored posts").click()
    page.locator("tr.is-editing [name=planned]").fill("60")
    page.locator("tr.is-editing").get_by_role("button", name="Save").click()
    expect(page.locator(f"#budget-line-{posts.pk}")).to_contain_text("$60.00")
    expect(page.locator("#budget-figures")).to_contain_text("$160.00")

    with page.expect_download() as download:
        page.get_by_role("link", name="Download as spreadsheet").click()
    source, changed = tmp_path / "budget.xlsx", tmp_path / "changed.xlsx"
    download.value.save_as(source)
    rewrite(source, changed, cell=(1, 6), value=250)

    page.get_by_role("link", name="Upload a spreadsheet").click()
    page.locator("[name=file]").set_input_files(changed)
    page.get_by_role("button", name="See what it changes").click()
    expect(page.locator("#report-changed li").first).to_contain_text("Prints")
    expect(page.locator("#report-changed del")).to_have_text("100.00")
    expect(page.locator("#report-changed ins")).to_have_text("250.00")
    assert BudgetLine.objects.get(pk=prints.pk).planned == 100

    page.get_by_role("button", name="Take the file").click()
    expect(page.locator("#budget-figures")).to_contain_text("$310.00")
    planned = dict(BudgetLine.objects.values_list("label", "planned"))
    assert planned == {"Prints": 250, "Sponsored posts": 60}
