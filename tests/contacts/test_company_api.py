from http import HTTPStatus

import orjson
import pytest

from apps.contacts.models import Company, CompanyMember
from tests.accounts.scene import bearer
from tests.factories.accounts import ApiTokenFactory
from tests.factories.contacts import (
    AttributeFactory,
    CompanyFactory,
    CompanyMemberFactory,
    ContactFactory,
)

pytestmark = pytest.mark.django_db
COMPANIES, MEMBERS = "/api/v1/companies/", "/api/v1/company-members/"


@pytest.fixture
def api():
    ApiTokenFactory(secret="bkd_live_test", user__role="integration")
    return bearer("bkd_live_test")


@pytest.fixture
def acme():
    AttributeFactory(applies_to="company", key="industry")
    return CompanyFactory(name="Acme", domain="acme.com", attributes={"industry": "Tools"})


def test_a_company_is_made_read_changed_and_deleted(api):
    told = {
        "name": "Acme",
        "domain": "https://www.acme.com/",
        "identities": [{"namespace": "crm", "value": "A-17"}],
        "attributes": {"employees": 80},
    }
    made = api.post(COMPANIES, told, format="json")
    one = f"{COMPANIES}{made.json()['id']}/"
    changed = api.patch(one, {"attributes": {"employees": None}, "name": "Acme Ltd"}, format="json")

    assert made.status_code == HTTPStatus.CREATED
    assert made.json()["domain"] == "acme.com"
    assert made.json()["identities"] == told["identities"]
    assert (changed.json()["name"], changed.json()["attributes"]) == ("Acme Ltd", {})
    assert api.get(one).json() == changed.json()
    assert api.delete(one).status_code == HTTPStatus.NO_CONTENT
    assert not Company.objects.exists()


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({}, 400),
        ({"name": "A", "domain": "none"}, 400),
        ({"name": "A", "attributes": {"Bad key": 1}}, 400),
        ({"name": "A", "domain": "acme.com"}, 400),
    ],
)
def test_what_cannot_be_is_refused(api, acme, told, status):
    assert api.post(COMPANIES, told, format="json").status_code == status
    assert Company.objects.get() == acme


def test_filters_find_what_they_say(api, acme):
    other = CompanyFactory(name="Bolt")
    member = CompanyMemberFactory(company=acme, role="champion")
    acme.identities.create(namespace="crm", value="A-17", created_at=acme.created_at)

    def found(**asked):
        return [row["id"] for row in api.get(COMPANIES, asked).json()["results"]]

    assert found(ordering="name") == [acme.pk, other.pk]
    for asked in (
        {"identity": "crm:A-17"},
        {"domain": "ACME.com"},
        {"contact": member.contact_id},
        {"role": "champion"},
        {"search": "ac"},
        {"where": orjson.dumps([["industry", "eq", "tools"]]).decode()},
    ):
        assert found(**asked) == [acme.pk], asked
    assert api.get(COMPANIES, {"where": '[["gone","eq","x"]]'}).status_code == HTTPStatus.BAD_REQUEST


def test_many_are_upserted_and_each_row_is_told_how_it_ended(api, acme):
    rows = [{"domain": "acme.com", "attributes": {"industry": "Toys"}}, {"domain": "new.com"}, {"name": "x"}]

    response = api.post(f"{COMPANIES}bulk/", {"companies": rows}, format="json")

    results = response.json()["results"]
    assert [row["status"] for row in results] == ["updated", "created", "invalid"]
    assert results[0]["id"] == acme.pk
    assert list(results[2]["errors"]) == ["domain"]


def test_a_person_joins_changes_and_leaves(api, acme):
    ann = ContactFactory()
    told = {"company": acme.pk, "contact": ann.pk, "role": "champion", "primary": True, "since": "2029-01-01"}

    made = api.post(MEMBERS, told, format="json")
    one = f"{MEMBERS}{made.json()['id']}/"
    again = api.post(MEMBERS, told, format="json")
    changed = api.patch(one, {"role": "user", "primary": False}, format="json")
    listed = api.get(MEMBERS, {"contact": ann.pk, "role": "user"}).json()["results"]

    assert {name: made.json()[name] for name in told} == told
    assert again.status_code == HTTPStatus.CONFLICT
    assert (changed.json()["role"], changed.json()["primary"]) == ("user", False)
    assert listed == [changed.json()]
    assert api.delete(one).status_code == HTTPStatus.NO_CONTENT
    assert not CompanyMember.objects.exists()


def test_the_dictionary_tells_entries_about_companies_from_those_about_contacts(api, acme):
    told = {"applies_to": "company", "key": "size", "label": "Size", "type": "number"}

    made = api.post("/api/v1/attributes/", told, format="json")
    contacts = api.get("/api/v1/attributes/", {"applies_to": "contact"}).json()["results"]
    companies = api.get("/api/v1/attributes/", {"applies_to": "company"}).json()["results"]

    assert made.json()["applies_to"] == "company"
    assert contacts == []
    assert {entry["key"] for entry in companies} == {"industry", "size"}
