"""The budgets of all campaigns."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from apps.core import clock
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import BareCampaignFactory, BudgetLineFactory

pytestmark = pytest.mark.django_db
LIST = reverse("campaigns:budgets")


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


@pytest.fixture
def this_year():
    return clock.now().year


@pytest.fixture
def executive():
    return UserFactory(role="executive")


def line(name, currency, month, planned, **fields):
    campaign = BareCampaignFactory(name=name, currency=currency)
    return BudgetLineFactory(campaign=campaign, month=month, planned=Decimal(planned), **fields)


class TestList:
    def test_adds_up_each_currency_by_itself(self, login, executive, this_year):
        line("Spring", "USD", date(this_year, 12, 1), 100)
        line("Autumn", "USD", date(this_year, 12, 1), 50)
        line("Paris", "EUR", date(this_year, 12, 1), 70)
        line("Long ago", "USD", date(this_year - 1, 12, 1), 900)
        client = login(executive)

        page = text(client.get(LIST))
        assert "$150.00" in page
        assert "€70.00" in page
        assert "220" not in page
        assert "Long ago" not in page

        narrowed = text(client.get(LIST, {"currency": "EUR"}))
        assert "Spring" not in narrowed
        assert "All in USD" not in narrowed
        assert "Long ago" in text(client.get(LIST, {"year": this_year - 1}))

    def test_costs_the_same_for_many_campaigns(
        self, login, executive, this_year, django_assert_max_num_queries
    ):
        for number in range(20):
            line(f"C{number}", "USD", date(this_year, number % 12 + 1, 1), 10)
        client = login(executive)

        with django_assert_max_num_queries(12):
            client.get(LIST)

    def test_goes_out_as_csv_by_month(self, login, executive, this_year):
        line("Spring", "USD", date(this_year, 12, 1), 100, committed=Decimal(120))

        response = login(executive).get(reverse("campaigns:budgets_csv"))

        rows = b"".join(response).decode("utf-8-sig").splitlines()
        assert rows[1] == f"Spring,USD,{this_year}-12,100.00,120.00,0.00,-20.00,120.00"
