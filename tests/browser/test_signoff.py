"""The signature under the KPIs, in a real browser."""

import pytest
from playwright.sync_api import expect

from apps.accounts.models import User
from apps.campaigns import services
from apps.campaigns.selectors import kpi_set_now
from apps.core import clock
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import CampaignFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_an_executive_signs_and_an_edit_takes_the_signature_off(visit):
    executive = UserFactory(name="Eve", role=User.Role.EXECUTIVE)
    sales = UserFactory(role=User.Role.SALES)
    campaign = CampaignFactory(kpi__metric__name="Visits", kpi__target=100)
    now = clock.now()
    services.kpis_ask(campaign=campaign, by=campaign.captain, now=now)
    seen = kpi_set_now(campaign).digest
    services.kpis_review(campaign=campaign, verdict="agreed", by=sales, now=now, seen=seen)

    page = visit("/", as_user=executive)
    page.get_by_role("link", name=campaign.name).first.click()
    page.get_by_label("Remark").fill("Go.")
    page.get_by_role("button", name="Sign this KPI").click()
    expect(page.locator("#kpi-set")).to_have_attribute("data-state", "signed", timeout=30_000)

    editor = visit(f"/campaigns/kpis/{campaign.kpis.get().pk}/", as_user=campaign.captain)
    editor.get_by_label("Target").fill("250")
    editor.get_by_role("button", name="Save").click()
    expect(editor.locator("#kpi-set")).to_have_attribute("data-state", "changed", timeout=30_000)

    page.goto(page.url.split("/campaigns/")[0] + "/")
    expect(page.locator("section[aria-labelledby=home-executive]")).to_contain_text(
        "250 people", timeout=30_000
    )
