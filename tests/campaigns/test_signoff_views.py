import re
from http import HTTPStatus

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.campaigns import services
from apps.campaigns.checks import kpis_are_signed, signature_holds
from apps.campaigns.models import KpiSet, Metric, SignOff
from apps.campaigns.selectors import kpi_set_now
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import CampaignFactory, KpiFactory, MetricFactory, SignOffFactory

pytestmark = pytest.mark.django_db
Role = User.Role


def url(name, *args):
    return reverse(f"campaigns:{name}", args=args)


def text(response):
    return response.content.decode()


@pytest.fixture
def campaign():
    return CampaignFactory(kpi__metric__name="Visits", kpi__target=100)


class TestTheWayToASignature:
    def test_is_walked_on_the_page_and_an_edit_unsigns(self, client, campaign, noon):
        sales, executive = UserFactory(role=Role.SALES), UserFactory(role=Role.EXECUTIVE)

        client.force_login(campaign.captain)
        client.post(url("kpis_ask", campaign.pk))
        client.force_login(sales)
        seen = re.search(r'name="seen" value="(\w+)"', text(client.get(url("kpis", campaign.pk))))[1]
        client.post(url("kpis_review", campaign.pk), {"verdict": "agreed", "seen": seen})
        client.force_login(executive)
        client.post(url("kpis_sign", campaign.pk), {"text": "Go.", "seen": seen})
        assert 'data-state="signed"' in text(client.get(url("kpis", campaign.pk)))
        assert "Visits" in text(client.get(url("signoff", SignOff.objects.get().pk)))
        client.force_login(campaign.captain)
        says = {"target": "250", "reason": "It moves before the goal does.", "version": "1"}
        client.post(url("kpi_update", campaign.kpis.get().pk), says)

        page = text(client.get(url("kpis", campaign.pk)))
        assert 'data-state="changed"' in page
        assert "<del>100 people</del>" in page
        assert "<ins>250 people</ins>" in page

    def test_shows_a_refusal_and_keeps_what_was_typed(self, client, campaign, noon):
        services.kpis_ask(campaign=campaign, by=campaign.captain, now=noon)
        KpiSet.objects.update(state="review", waiting_since=noon)
        client.force_login(UserFactory(role=Role.SALES))

        page = text(client.post(url("kpis_review", campaign.pk), {"text": "Hm.", "seen": "0" * 64}))

        assert "have changed since you opened" in page
        assert "Hm." in page
        assert f'value="{kpi_set_now(campaign).digest}"' in page
        assert KpiSet.objects.get().state == "review"

    def test_offers_a_signature_to_executives_only(self, client, campaign, lead, noon):
        KpiSet.objects.create(campaign=campaign, state="signature", waiting_since=noon)

        for user, is_offered in [(lead, False), (UserFactory(role=Role.EXECUTIVE), True)]:
            client.force_login(user)
            assert ('id="kpis-sign"' in text(client.get(url("kpis", campaign.pk)))) is is_offered

    def test_says_that_a_set_is_only_tactical(self, client, campaign):
        client.force_login(campaign.captain)
        assert "All of these are tactical" in text(client.get(url("kpis", campaign.pk)))

        KpiFactory(campaign=campaign, metric__kind="value")

        assert "All of these are tactical" not in text(client.get(url("kpis", campaign.pk)))


class TestTheCatalogue:
    def test_is_written_by_data_leads(self, login):
        client = login(UserFactory(role=Role.DATA_LEAD))
        says = {
            "name": "Trials",
            "definition": "Trials begun.",
            "kind": "value",
            "unit": "people",
            "event": "trial",
            "measure": "people",
            "where_0_property": "plan",
            "where_0_op": "eq",
            "where_0_value": "pro",
        }

        client.post(url("metric_create"), says)

        metric = Metric.objects.get(name="Trials")
        assert metric.where == [{"property": "plan", "op": "eq", "value": "pro"}]
        again = text(client.post(url("metric_create"), says))
        assert "There is a metric of that name already." in again
        client.post(url("metric_update", metric.pk), {**says, "definition": "Paid trials.", "version": "1"})
        page = text(client.get(url("metric", metric.pk)))
        assert "<ins>Paid trials.</ins>" in page
        assert "only where plan is pro" in page

    def test_refuses_a_name_that_is_too_long_and_keeps_it(self, login, lead):
        page = text(login(lead).post(url("metric_create"), {"name": "×" * 10_000}))

        assert "at most 120 characters" in page
        assert Metric.objects.filter(name__startswith="×").count() == 0

    def test_hides_campaigns_of_others(self, login):
        metric = MetricFactory()
        KpiFactory(metric=metric, campaign__name="Secret plan")

        page = text(login(UserFactory(role=Role.CONTRIBUTOR)).get(url("metric", metric.pk)))

        assert "Secret plan" not in page
        assert "1 campaign of others" in page

    def test_costs_the_same_for_many(self, login, lead, django_assert_max_num_queries):
        MetricFactory.create_batch(20, owner=lead)
        client = login(lead)
        client.get(url("metrics"))

        with django_assert_max_num_queries(8):
            client.get(url("metrics"))


class TestApi:
    def test_signs_what_was_read(self, api, campaign, noon):
        sales, executive = UserFactory(role=Role.SALES), UserFactory(role=Role.EXECUTIVE)
        path = f"/api/v1/campaigns/{campaign.pk}/"
        assert api(campaign.captain).post(f"{path}kpi-set/ask/").json()["state"] == "review"
        seen = {"seen": api(sales).get(f"{path}kpi-set/").json()["digest"]}
        made = api(sales).post(f"{path}kpi-reviews/", {"verdict": "agreed", **seen}, format="json")
        assert made.status_code == HTTPStatus.CREATED

        assert (
            api(executive).post(f"{path}signoffs/", {"seen": "x"}, format="json").status_code
            == HTTPStatus.CONFLICT
        )
        signed = api(executive).post(f"{path}signoffs/", seen, format="json").json()

        assert signed["by"] == executive.pk
        assert api(executive).get(f"{path}kpi-set/").json()["changes"] == []
        assert len(api(executive).get(f"{path}signoffs/").json()["results"]) == 1

    def test_writes_the_catalogue(self, api, lead):
        says = {"name": "Trials", "definition": "Begun.", "unit": "people", "event": "trial"}
        program = api(lead)

        made = program.post("/api/v1/metrics/", says, format="json").json()
        one = f"/api/v1/metrics/{made['id']}/"

        assert made["counted"] == "How many people did “trial”"
        assert program.patch(one, {"definition": "Paid."}, format="json").json()["definition_number"] == 2
        assert len(program.get(f"{one}versions/").json()["results"]) == 2
        assert program.post(f"{one}archive/").json()["archived_at"]
        assert program.post("/api/v1/metrics/", says, format="json").status_code == HTTPStatus.BAD_REQUEST

    def test_says_and_takes_what_one_is_told_of(self, api, lead):
        program, path = api(lead), "/api/v1/notification-settings/"
        assert program.get(path).json()["digest"] == "daily"

        says = {"digest": "weekly", "hour": 7, "hidden": ["comment"], "unmailed": []}
        assert program.post(path, says, format="json").json()["hidden"] == ["comment"]

        refused = program.post(path, {**says, "hidden": ["weather"]}, format="json")
        assert refused.status_code == HTTPStatus.BAD_REQUEST


class TestReadiness:
    @pytest.mark.parametrize(
        ("state", "is_signed", "holds"),
        [
            (None, False, True),
            ("review", False, False),
            ("signed", True, True),
            ("changed", False, False),
        ],
    )
    def test_asks_for_a_signature_and_that_one_holds(self, campaign, noon, state, is_signed, holds):
        if state:
            SignOffFactory(campaign=campaign)
            KpiSet.objects.create(campaign=campaign, state=state, waiting_since=noon)

        assert kpis_are_signed(campaign, noon).ok is is_signed
        assert signature_holds(campaign, noon).ok is holds
