from http import HTTPStatus

import pytest
from django.urls import reverse

from apps.contacts.models import Attribute
from apps.segments import selectors
from apps.segments.models import Definition
from tests.factories.accounts import UserFactory
from tests.factories.contacts import ContactFactory
from tests.factories.segments import DefinitionFactory, DefinitionVersionFactory, SegmentFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("dictionary")]
VISITS = {"all": [{"attribute": "visits", "op": "gte", "value": 5}]}
LEAST = [{"name": "Least", "path": "all[0].value"}]


@pytest.fixture
def shop(api):
    return api(UserFactory(role="integration"))


@pytest.fixture
def keen():
    return DefinitionFactory(attribute__key="keen", version__rule=VISITS, version__thresholds=LEAST)


@pytest.fixture
def visitors():
    return [ContactFactory(attributes={"visits": visits}) for visits in (1, 4, 9)]


def post(client, name, told=None, **kwargs):
    return client.post(reverse(f"api:{name}", kwargs=kwargs or None), told or {}, format="json")


class TestDefinitions:
    def test_are_made_with_a_first_rule_that_waits(self, shop, visitors):
        told = {"key": "keen", "label": "Keen", "meaning": "Comes often", "uses": ["targeting"]}

        made = post(
            shop, "definition-list", {**told, "rule": VISITS, "thresholds": LEAST, "reason": "As agreed"}
        )

        body = made.json()
        assert made.status_code == HTTPStatus.CREATED
        assert (body["key"], body["meaning"], body["in_force"]) == ("keen", "Comes often", None)
        assert (body["proposed"]["number"], body["proposed"]["thresholds"]) == (1, LEAST)
        assert body["proposed"]["effect"] == {"before": 0, "after": 1, "enter": 1, "leave": 0}

    @pytest.mark.parametrize(
        ("changes", "status", "field"),
        [
            ({"key": "city"}, 400, "key"),
            ({"reason": ""}, 400, "reason"),
            ({"rule": {"attribute": "gone", "op": "exists"}}, 400, "attribute"),
            ({"thresholds": [{"name": "Least", "path": "all[7].value"}]}, 400, "no number"),
        ],
    )
    def test_are_refused_with_the_reason_and_nothing_is_kept(self, shop, changes, status, field):
        told = {"key": "keen", "label": "Keen", "rule": VISITS, "reason": "As agreed", **changes}

        answer = post(shop, "definition-list", told)

        assert answer.status_code == status
        assert field in answer.content.decode()
        assert not Definition.objects.exists()
        assert not Attribute.objects.filter(is_computed=True).exists()

    def test_are_listed_and_filtered(self, shop, keen, django_assert_max_num_queries):
        DefinitionVersionFactory(definition__attribute__key="fan")

        with django_assert_max_num_queries(12):
            listed = shop.get(reverse("api:definition-list")).json()["results"]
        waiting = shop.get(reverse("api:definition-list"), {"state": "proposed"}).json()["results"]
        named = shop.get(reverse("api:definition-list"), {"key": "keen"}).json()["results"]

        assert {one["key"] for one in listed} == {"keen", "fan"}
        assert [one["key"] for one in waiting] == ["fan"]
        assert [one["in_force"]["rule"] for one in named] == [VISITS]

    def test_tell_what_another_threshold_would_change_without_keeping_it(self, api, keen, visitors):
        client = api(UserFactory(role="sales"), "segments:read")

        told = post(client, "definition-effect", {"set": {"Least": 4}}, pk=keen.pk).json()

        assert told == {
            "before": 1,
            "after": 2,
            "enter": 1,
            "leave": 0,
            "entering": [visitors[1].pk],
            "leaving": [],
            "staying": [visitors[2].pk],
        }
        assert keen.versions.count() == 1

    @pytest.mark.parametrize(
        ("told", "refusal"),
        [
            ({}, "either"),
            ({"rule": VISITS, "set": {}}, "either"),
            ({"set": {"Most": 4}}, "Known are: Least"),
            ({"set": {"Least": "many"}}, "has to be a number"),
            ({"set": {"Least": [1]}}, "has to be a number"),
        ],
    )
    def test_refuse_what_is_no_rule(self, shop, keen, told, refusal):
        answer = post(shop, "definition-propose", {"reason": "So", **told}, pk=keen.pk)

        assert answer.status_code in (HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT)
        assert refusal in answer.content.decode()
        assert keen.versions.count() == 1

    def test_a_rule_that_leads_back_is_refused_with_its_path(self, shop, keen):
        segment = SegmentFactory(rule={"attribute": "keen", "op": "eq", "value": True})

        answer = post(
            shop, "definition-propose", {"rule": {"segment": segment.pk}, "reason": "So"}, pk=keen.pk
        )

        assert answer.status_code == HTTPStatus.BAD_REQUEST
        assert "refers back" in answer.content.decode()

    def test_what_is_used_is_not_deleted(self, api, lead, keen):
        SegmentFactory(name="Loyal", rule={"attribute": "keen", "op": "eq", "value": True})

        answer = api(lead).delete(reverse("api:definition-detail", args=[keen.pk]))

        assert answer.status_code == HTTPStatus.CONFLICT
        assert "Segment “Loyal”" in answer.content.decode()
        assert Definition.objects.get() == keen


class TestVersions:
    def test_are_proposed_by_a_program_and_approved_by_a_person(self, shop, api, lead, keen):
        made = post(shop, "definition-propose", {"set": {"Least": 4}, "reason": "More"}, pk=keen.pk)
        pk = made.json()["id"]

        by_program = post(shop, "definition-version-approve", pk=pk)
        by_person = post(api(lead), "definition-version-approve", {"note": "Agreed"}, pk=pk)
        again = post(api(lead), "definition-version-approve", pk=pk)

        assert made.status_code == HTTPStatus.CREATED
        assert by_program.status_code == HTTPStatus.FORBIDDEN
        assert (by_person.json()["state"], by_person.json()["note"]) == ("in_force", "Agreed")
        assert again.status_code == HTTPStatus.CONFLICT
        assert selectors.version_in_force(keen).rule["all"][0]["value"] == 4

    def test_are_listed_old_ones_too(self, shop, keen):
        DefinitionVersionFactory(definition=keen, state="refused", note="No")

        told = shop.get(
            reverse("api:definition-version-list"), {"definition": keen.pk, "ordering": "-number"}
        ).json()

        assert [(one["number"], one["state"]) for one in told["results"]] == [(2, "refused"), (1, "in_force")]

    def test_are_refused_with_a_note_and_withdrawn_by_their_proposer(self, api, lead, keen):
        client = api(lead)
        others = DefinitionVersionFactory(definition=keen)

        assert post(client, "definition-version-withdraw", pk=others.pk).status_code == HTTPStatus.CONFLICT
        without = post(client, "definition-version-refuse", pk=others.pk)
        refused = post(client, "definition-version-refuse", {"note": "No"}, pk=others.pk)
        own = DefinitionVersionFactory(definition=keen, by=lead)
        withdrawn = post(client, "definition-version-withdraw", pk=own.pk)

        assert without.json()["errors"][0]["field"] == "note"
        assert refused.json()["state"] == "refused"
        assert withdrawn.json()["state"] == "withdrawn"
