from decimal import Decimal
from http import HTTPStatus

import pytest

from apps.campaigns.models import BudgetLine
from tests.factories.campaigns import BudgetLineFactory, CampaignFactory, ChannelFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign():
    return CampaignFactory()


def path(campaign, *parts):
    return "/".join(["/api/v1/campaigns", str(campaign.pk), "budget-lines", *parts]) + "/"


class TestLines:
    def test_are_added_listed_changed_removed_and_brought_back(self, api, lead, campaign):
        client = api(lead)
        told = {"label": "Prints", "month": "2030-04-01", "planned": "12.50"}

        made = client.post(path(campaign), told, format="json")
        assert made.status_code == HTTPStatus.CREATED
        one = f"/api/v1/budget-lines/{made.json()['id']}/"
        changed = client.patch(one, {"actual": "3"}, format="json", headers={"If-Match": "1"})
        assert (changed.json()["actual"], changed.json()["version"]) == ("3.00", 2)
        assert client.patch(one, {"actual": "4"}, format="json", headers={"If-Match": "1"}).status_code == 412
        assert [line["planned"] for line in client.get(path(campaign)).json()["results"]] == ["12.50"]
        assert client.delete(one).status_code == HTTPStatus.NO_CONTENT
        assert client.get(one).status_code == HTTPStatus.NOT_FOUND
        assert client.post(f"{one}restore/").json()["currency"] == "USD"

    @pytest.mark.parametrize(
        "wrong", [{"planned": "-1"}, {"month": "2030-04-02"}, {"label": "x" * 10_000}, {"channel": 0}]
    )
    def test_refuse_what_cannot_be(self, api, lead, campaign, wrong):
        told = {"label": "Prints", "month": "2030-04-01", **wrong}

        response = api(lead).post(path(campaign), told, format="json")

        assert response.status_code in {HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT}
        assert not BudgetLine.objects.exists()

    def test_an_owner_adds_to_the_own_channel_only(self, api, campaign):
        email, ads = campaign.channels.get(), ChannelFactory(campaign=campaign, kind="ads")
        client = api(email.owner)

        def add(channel):
            told = {"label": "Prints", "month": "2030-04-01", "channel": channel}
            return client.post(path(campaign), told, format="json").status_code

        assert [add(email.pk), add(ads.pk), add(None)] == [201, 403, 403]


class TestUpload:
    def test_tells_in_a_dry_run_and_then_does_it(self, api, lead, campaign):
        line = BudgetLineFactory(campaign=campaign)
        rows = [
            {"line": str(line.pk), "version": "1", "month": "2030-04", "label": line.label, "planned": "90"},
            {"month": "2030-05", "label": "New", "planned": 10},
        ]
        client = api(lead)

        dry = client.post(path(campaign, "upload"), {"rows": rows, "dry_run": True}, format="json").json()
        assert dry["is_applied"] is False
        assert dry["changed"] == [
            {"line": line.pk, "changes": [{"name": "planned", "old": "100.00", "new": "90.00"}]}
        ]
        assert dry["added"] == [2]
        assert BudgetLine.objects.get().planned == 100

        done = client.post(path(campaign, "upload"), {"rows": rows}, format="json").json()
        assert (done["is_applied"], done["after"]["planned"]) == (True, "100.00")
        assert sorted(BudgetLine.objects.values_list("planned", flat=True)) == [Decimal(10), Decimal(90)]

    def test_takes_nothing_when_a_row_is_refused(self, api, lead, campaign):
        rows = [{"month": "2030-05", "label": "New"}, {"month": "2030-05", "label": "x", "planned": "1,5"}]
        client = api(lead)

        dry = client.post(path(campaign, "upload"), {"rows": rows, "dry_run": True}, format="json").json()
        assert [(one["row"], one["column"]) for one in dry["refused"]] == [(2, "planned")]
        told = client.post(path(campaign, "upload"), {"rows": rows}, format="json")

        assert told.status_code == HTTPStatus.CONFLICT
        assert not BudgetLine.objects.exists()


class TestExpectation:
    def test_is_set_acknowledged_and_read_with_what_has_come(self, api, lead, campaign):
        address = f"/api/v1/campaigns/{campaign.pk}/expectations/"
        amounts = {"2030-03-01": 50, "2030-04-01": 100, "2030-05-01": 180, "2030-06-01": 200}
        points = [{"month": month, "amount": amount} for month, amount in amounts.items()]
        client = api(lead)

        assert client.get(address).json()["version"] == 0
        assert client.post(f"{address}stakeholders/", {"user": lead.pk}, format="json").status_code == 201
        made = client.post(address, {"points": points}, format="json").json()
        assert (made["version"], made["alert_percent"], len(made["months"])) == (1, 20, 4)
        assert made["stakeholders"][0]["acknowledged_at"] is None
        known = client.post(f"{address}acknowledge/", headers={"If-Match": "1"}).json()
        assert known["stakeholders"][0]["acknowledged_at"] is not None

    def test_is_refused_where_it_falls(self, api, lead, campaign):
        address = f"/api/v1/campaigns/{campaign.pk}/expectations/"

        told = api(lead).post(address, {"points": [{"month": "2031-01-01", "amount": 5}]}, format="json")

        assert told.status_code == HTTPStatus.BAD_REQUEST
        assert [error["field"] for error in told.json()["errors"]] == ["2031-01"]
        assert client_reads_nothing(api(lead), address)


def client_reads_nothing(client, address):
    return client.get(address).json()["version"] == 0
