"""The budget: its sums, its lines, its page."""

import re
from datetime import date
from decimal import Decimal
from http import HTTPStatus
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from apps.campaigns import checks, selectors, services
from apps.campaigns.budget import Amounts, Cell, months_between, summarise
from apps.campaigns.errors import BudgetRefused, ChangedMeanwhile, PutAway, Refused
from apps.campaigns.models import BudgetLine
from apps.collaboration.models import AuditEvent
from apps.core import clock
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import (
    BudgetLineFactory,
    CampaignFactory,
    ChannelFactory,
    ContributorFactory,
)

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
FEBRUARY, MARCH, APRIL, JUNE = (date(2030, month, 1) for month in (2, 3, 4, 6))


def url(name, *args):
    return reverse(f"campaigns:{name}", args=args)


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def money(*amounts):
    return tuple(Decimal(amount) for amount in amounts)


def amounts_of(planned, committed, actual, *, month):
    """Return the figures of one line, as March sees them."""
    due = max(planned, committed, actual)
    return Amounts(planned, committed, actual, max(committed, actual), actual if month < MARCH else due)


@pytest.fixture
def campaign():
    return CampaignFactory()


@pytest.fixture
def email(campaign):
    return campaign.channels.get()


class TestAmounts:
    @pytest.mark.parametrize(
        ("amounts", "month", "remaining", "forecast", "over"),
        [
            ((100, 0, 0), APRIL, 100, 100, 0),
            ((100, 130, 0), APRIL, -30, 130, 30),
            ((100, 40, 60), APRIL, 40, 100, 0),
            ((100, 40, 120), MARCH, -20, 120, 20),  # the month that is running
            ((100, 80, 60), FEBRUARY, 20, 60, 0),  # over: only what was spent
            ((100, 80, 0), FEBRUARY, 20, 0, 0),
        ],
    )
    def test_of_a_line_say_what_remains_and_what_it_will_cost(
        self, noon, campaign, amounts, month, remaining, forecast, over
    ):
        told = dict(zip(("planned", "committed", "actual"), amounts, strict=True))
        BudgetLineFactory(campaign=campaign, month=month, **told)

        line = selectors.budget_summary(campaign, noon).total

        assert (line.remaining, line.forecast, line.over) == money(remaining, forecast, over)

    def test_sum_to_the_same_total_by_channel_and_by_month(self):
        cells = [
            Cell(None, FEBRUARY, Amounts(*money(10, 0, 8, 8, 8))),
            Cell(7, FEBRUARY, Amounts(*money(5, 0, 5, 5, 5))),
            Cell(7, APRIL, Amounts(*money(20, 30, 0, 30, 30))),
        ]

        summary = summarise(cells)

        assert [pk for pk, _amounts in summary.by_channel] == [None, 7]
        assert [month for month, _amounts in summary.by_month] == [FEBRUARY, MARCH, APRIL]
        assert summary.total == Amounts(*money(35, 30, 13, 43, 43))
        assert sum((amounts for _pk, amounts in summary.by_channel), Amounts()) == summary.total
        assert sum((amounts for _month, amounts in summary.by_month), Amounts()) == summary.total
        assert summary.planned_curve == [15, 15, 35]
        assert summary.actual_curve(MARCH) == [13, 13, None]

    def test_know_every_month_in_between(self):
        assert months_between(date(2029, 11, 30), date(2030, 2, 1)) == [
            date(2029, 11, 1),
            date(2029, 12, 1),
            date(2030, 1, 1),
            date(2030, 2, 1),
        ]


class TestSummary:
    def test_of_the_database_says_what_the_formula_says(
        self, noon, campaign, email, django_assert_num_queries
    ):
        lines = [
            (None, FEBRUARY, 100, 80, 60),
            (email, FEBRUARY, 10, 0, 12),
            (email, MARCH, 50, 70, 20),
            (email, MARCH, 50, 0, 0),
        ]
        for channel, month, planned, committed, actual in lines:
            BudgetLineFactory(
                campaign=campaign,
                channel=channel,
                month=month,
                planned=planned,
                committed=committed,
                actual=actual,
            )
        BudgetLineFactory(campaign=campaign, removed_at=noon)
        BudgetLineFactory()

        with django_assert_num_queries(1):
            summary = selectors.budget_summary(campaign, noon)

        expected = [amounts_of(*money(*amounts), month=month) for _c, month, *amounts in lines]
        assert summary.total == sum(expected, Amounts())
        assert dict(summary.by_channel)[email.pk] == sum(expected[1:], Amounts())
        assert dict(summary.by_month)[MARCH].forecast == Decimal(120)


class TestLineAdd:
    def test_tells_the_campaigns_history_and_works_once(self, noon, campaign, email):
        key = uuid4()
        for _time in range(2):
            services.budget_line_add(
                campaign=campaign,
                label="  Prints\n for 🎉 ",
                month=APRIL,
                channel=email,
                planned=Decimal("12.50"),
                key=key,
                by=campaign.captain,
                now=noon,
            )

        line = BudgetLine.objects.get()
        assert (line.label, line.planned, line.actual) == ("Prints for 🎉", Decimal("12.50"), 0)
        event = AuditEvent.objects.about(campaign).get()
        assert (event.action, event.details["planned"]) == ("budgetline.added", "12.50")

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"label": " "}, "label"),
            ({"month": date(2030, 4, 2)}, "month"),
            ({"month": date(1999, 12, 1)}, "month"),
        ],
    )
    def test_refuses_and_adds_nothing(self, noon, lead, campaign, fields, field):
        with pytest.raises(BudgetRefused) as refused:
            services.budget_line_add(
                campaign=campaign, by=lead, now=noon, **{"label": "Prints", "month": APRIL, **fields}
            )

        assert refused.value.field == field
        assert not BudgetLine.objects.exists()

    def test_refuses_the_channel_of_another_campaign(self, noon, lead, campaign):
        with pytest.raises(BudgetRefused):
            services.budget_line_add(
                campaign=campaign, label="x", month=APRIL, channel=ChannelFactory(), by=lead, now=noon
            )

    def test_refuses_one_line_too_many(self, noon, lead, campaign, monkeypatch):
        monkeypatch.setattr("apps.campaigns.services.budget.MOST_LINES", 1)
        BudgetLineFactory(campaign=campaign)

        with pytest.raises(BudgetRefused, match="at most 1 lines"):
            services.budget_line_add(campaign=campaign, label="x", month=APRIL, by=lead, now=noon)

    @pytest.mark.parametrize("wrong", [{"month": date(2030, 4, 2)}, {"actual": -1}])
    def test_has_rules_that_the_database_keeps(self, campaign, wrong):
        with pytest.raises(IntegrityError), transaction.atomic():
            BudgetLineFactory(campaign=campaign, **wrong)


class TestLineChange:
    def test_is_told_field_by_field(self, noon, lead, campaign):
        line = BudgetLineFactory(campaign=campaign)

        services.budget_line_update(line=line, by=lead, now=noon, committed=Decimal(80), planned=Decimal(100))

        line.refresh_from_db()
        assert (line.committed, line.version) == (80, 2)
        assert AuditEvent.objects.about(campaign).get().details["changes"] == {"committed": ["0.00", "80"]}

    def test_tells_the_second_who_changed_what(self, noon, lead, campaign):
        line = BudgetLineFactory(campaign=campaign)
        services.budget_line_update(line=line, by=lead, now=noon, planned=Decimal(80), seen=1)

        with pytest.raises(ChangedMeanwhile) as change:
            services.budget_line_update(line=line, by=campaign.captain, now=noon, planned=Decimal(70), seen=1)

        assert str(lead) in change.value.theirs["planned"]
        line.refresh_from_db()
        assert line.planned == 80

    def test_of_a_removed_line_is_refused_until_it_is_back(self, noon, lead, campaign):
        line = BudgetLineFactory(campaign=campaign)
        services.budget_line_remove(line=line, by=lead, now=noon)
        services.budget_line_remove(line=line, by=lead, now=noon)

        with pytest.raises(BudgetRefused):
            services.budget_line_update(line=line, by=lead, now=noon, planned=Decimal(1))
        assert selectors.budget_summary(campaign, noon).is_empty

        services.budget_line_restore(line=line, by=lead, now=noon)
        assert selectors.budget_summary(campaign, noon).total.planned == 100
        told = list(AuditEvent.objects.about(campaign).order_by("id").values_list("action", flat=True))
        assert told == ["budgetline.removed", "budgetline.restored"]

    def test_is_refused_in_a_campaign_that_was_put_away(self, noon, lead):
        line = BudgetLineFactory(campaign__archived_at=noon)

        with pytest.raises(PutAway):
            services.budget_line_update(line=line, by=lead, now=noon, planned=Decimal(1))

    def test_forbids_another_currency_until_no_line_stands(self, noon, lead, campaign):
        line = BudgetLineFactory(campaign=campaign)

        with pytest.raises(Refused) as refused:
            services.campaign_update(campaign=campaign, by=lead, now=noon, currency="EUR")
        assert refused.value.field == "currency"

        services.budget_line_remove(line=line, by=lead, now=noon)
        assert (
            services.campaign_update(campaign=campaign, by=lead, now=noon, currency="EUR").currency == "EUR"
        )


class TestReadiness:
    def test_asks_for_a_plan_that_holds(self, noon, campaign):
        assert not checks.budget_is_planned(campaign, noon).ok

        line = BudgetLineFactory(campaign=campaign)
        assert checks.budget_is_planned(campaign, noon).ok

        BudgetLine.objects.filter(pk=line.pk).update(committed=150)
        finding = checks.budget_is_planned(campaign, noon)
        assert finding.sentence == "The forecast is $50.00 above the plan of $100.00."


class TestPage:
    def test_shows_sums_and_lines_and_is_a_fragment_for_htmx(self, login, campaign, email):
        BudgetLineFactory(
            campaign=campaign, channel=email, planned=100, committed=150, month=date(2099, 1, 1)
        )
        client = login(campaign.captain)

        page, fragment = (client.get(url("budget", campaign.pk), headers=head) for head in ({}, HTMX))

        assert "The forecast is $50.00 above the plan." in text(page)
        assert text(page).count("$150.00") >= 4
        assert "<html" not in text(fragment)
        assert 'id="budget-list"' in text(fragment)

    def test_is_empty_with_an_example(self, login, campaign):
        assert "Sponsored posts" in text(login(campaign.captain).get(url("budget", campaign.pk)))

    def test_costs_the_same_for_little_and_for_much(
        self, login, campaign, email, django_assert_max_num_queries
    ):
        for month in range(1, 8):
            BudgetLineFactory.create_batch(4, campaign=campaign, channel=email, month=date(2030, month, 1))
        client = login(campaign.captain)

        with django_assert_max_num_queries(15):
            client.get(url("budget", campaign.pk))

    def test_adds_a_line_and_keeps_what_was_refused(self, login, campaign):
        client = login(campaign.captain)
        sent = {"label": "Prints", "month": "2030-04", "planned": "12.50"}

        refused = client.post(
            url("budget_line_add", campaign.pk), sent | {"planned": "-1", "label": "x" * 201}
        )
        assert refused.status_code == HTTPStatus.OK
        assert "x" * 201 in text(refused)
        assert not BudgetLine.objects.exists()

        assert client.post(url("budget_line_add", campaign.pk), sent).status_code == HTTPStatus.FOUND
        assert BudgetLine.objects.get().planned == Decimal("12.50")

    def test_edits_a_row_in_place_and_tells_the_sums(self, login, campaign):
        line = BudgetLineFactory(campaign=campaign)
        client = login(campaign.captain)
        address = url("budget_line_update", line.pk)

        form = client.get(address, headers=HTMX)
        assert text(form).strip().startswith('<tr class="is-editing">')
        sent = {"label": "Prints", "month": "2030-05", "actual": "9", "version": "1"}
        row = client.post(address, sent, headers=HTMX)

        assert row.headers["HX-Trigger"] == '{"budget-changed": {}}'
        assert f'<tr id="budget-line-{line.pk}">' in text(row)
        line.refresh_from_db()
        assert (line.label, line.month, line.planned, line.actual) == ("Prints", date(2030, 5, 1), 0, 9)

    def test_says_what_somebody_else_changed_and_overwrites_when_sent_again(self, login, lead, campaign):
        line = BudgetLineFactory(campaign=campaign)
        services.budget_line_update(line=line, by=lead, now=clock.now(), planned=Decimal(80))
        client = login(campaign.captain)
        sent = {"label": line.label, "month": "2030-04", "planned": "70", "version": "1"}

        told = client.post(url("budget_line_update", line.pk), sent, headers=HTMX)
        assert "has changed this to “80”" in text(told)
        assert 'name="version" value="2"' in text(told)

        client.post(url("budget_line_update", line.pk), sent | {"version": "2"}, headers=HTMX)
        line.refresh_from_db()
        assert line.planned == 70

    def test_removes_with_a_way_back(self, login, campaign):
        line = BudgetLineFactory(campaign=campaign)
        client = login(campaign.captain)

        page = client.post(url("budget_line_remove", line.pk), follow=True)
        assert "has been removed from the budget" in text(page)

        client.post(url("budget_line_restore", line.pk))
        line.refresh_from_db()
        assert line.removed_at is None


class TestRights:
    def test_an_owner_plans_the_own_channel_and_nothing_else(self, login, campaign, email):
        own, whole = BudgetLineFactory(campaign=campaign, channel=email), BudgetLineFactory(campaign=campaign)
        client = login(email.owner)
        sent = {"label": "x", "month": "2030-04", "version": "1"}

        assert client.post(url("budget_line_update", whole.pk), sent).status_code == HTTPStatus.FORBIDDEN
        assert client.post(url("budget_line_remove", whole.pk)).status_code == HTTPStatus.FORBIDDEN
        moved = client.post(url("budget_line_update", own.pk), sent)  # to the whole campaign
        assert "You may plan the money of your own channel." in text(moved)
        sent["channel"] = email.pk
        assert client.post(url("budget_line_update", own.pk), sent).status_code == HTTPStatus.FOUND
        whole.refresh_from_db()
        assert (whole.version, whole.removed_at) == (1, None)

    def test_a_contributor_looks_on_and_changes_nothing(self, login, campaign):
        helper, stranger = UserFactory(role="contributor"), UserFactory(role="contributor")
        ContributorFactory(campaign=campaign, user=helper)
        line = BudgetLineFactory(campaign=campaign)
        client = login(helper)

        page = client.get(url("budget", campaign.pk))
        assert line.label in text(page)
        assert "Add a line" not in text(page)
        assert client.post(url("budget_line_remove", line.pk)).status_code == HTTPStatus.FORBIDDEN
        assert login(stranger).get(url("budget_line", line.pk)).status_code == HTTPStatus.NOT_FOUND


def test_a_channels_card_says_what_it_costs(login, campaign, email):
    BudgetLineFactory(campaign=campaign, channel=email, planned=100, actual=40)

    page = text(login(campaign.captain).get(url("channels", campaign.pk)))

    assert "$40.00 spent of $100.00 planned" in page
