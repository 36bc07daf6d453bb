from http import HTTPStatus

import jsonschema
import pytest
from django.urls import reverse

from apps.segments import services
from apps.segments.models import ContactList, Segment, SegmentMember
from tests.factories.accounts import UserFactory
from tests.factories.contacts import ContactFactory
from tests.factories.segments import ContactListFactory, SegmentFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("dictionary")]
ROME = {"attribute": "city", "op": "eq", "value": "Rome"}


@pytest.fixture
def api(login, lead):
    client = login(lead)

    def call(method, name, data=None, **kwargs):
        url = reverse(f"api:{name}", kwargs=kwargs or None)
        if method == "get":
            return client.get(url, data)
        return getattr(client, method)(url, data, content_type="application/json")

    return call


class TestContactSegments:
    def test_are_those_in_use_that_the_contact_is_in_with_the_moment_of_entering(self, api, noon):
        contact = ContactFactory()
        first, archived, _other = SegmentFactory.create_batch(3)
        for segment in (first, archived):
            SegmentMember.objects.create(segment=segment, contact=contact, since_at=noon)
        Segment.objects.filter(pk=archived.pk).update(archived_at=noon)

        told = api("get", "contact-segments-segments", pk=contact.pk).json()

        assert told["results"] == [
            {"id": first.pk, "name": first.name, "since": noon.isoformat().replace("+00:00", "Z")}
        ]
        assert told["next"] is None


class TestSegments:
    def test_are_made_changed_listed_and_deleted(self, api):
        made = api("post", "segment-list", {"name": "Romans", "rule": ROME})
        assert made.status_code == HTTPStatus.CREATED
        pk = made.json()["id"]

        changed = api("patch", "segment-detail", {"name": "People of Rome"}, pk=pk)
        listed = api("get", "segment-list", {"search": "people"})
        gone = api("delete", "segment-detail", pk=pk)

        assert changed.json()["rule"] == ROME
        assert [one["name"] for one in listed.json()["results"]] == ["People of Rome"]
        assert gone.status_code == HTTPStatus.NO_CONTENT
        assert not Segment.objects.exists()

    @pytest.mark.parametrize("method", ["post", "patch"])
    def test_a_rule_with_faults_is_400_with_the_path_of_each(self, api, method):
        rule = {"all": [ROME, {"any": [{"attribute": "city", "op": "like", "value": "x"}, {"colour": 1}]}]}
        segment = SegmentFactory(rule=ROME)
        where = ("segment-list", {}) if method == "post" else ("segment-detail", {"pk": segment.pk})

        response = api(method, where[0], {"name": "New", "rule": rule}, **where[1])

        assert response.status_code == HTTPStatus.BAD_REQUEST
        assert response.headers["Content-Type"] == "application/problem+json"
        assert [error["field"] for error in response.json()["errors"]] == [
            "all[1].any[0].op",
            "all[1].any[1].colour",
        ]
        assert Segment.objects.get().rule == ROME

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"rule": ROME}, "name"),
            ({"name": "New"}, "rule"),
            ({"name": "New", "rule": None}, "rule"),
            ({"name": "New", "rule": "everyone"}, "rule"),
            ({"name": "New", "rule": []}, "rule"),
            ({"name": "", "rule": ROME}, "name"),
        ],
    )
    def test_what_is_missing_is_named(self, api, body, field):
        response = api("post", "segment-list", body)

        assert response.status_code == HTTPStatus.BAD_REQUEST
        assert [error["field"] for error in response.json()["errors"]] == [field]

    def test_a_rule_may_not_come_back_to_its_own_segment(self, api):
        segment = SegmentFactory()

        response = api("patch", "segment-detail", {"rule": {"segment": segment.pk}}, pk=segment.pk)

        assert [error["field"] for error in response.json()["errors"]] == ["segment"]

    @pytest.mark.parametrize(("method", "name"), [("delete", "segment-detail"), ("post", "segment-archive")])
    def test_what_is_used_stays(self, api, method, name):
        segment = SegmentFactory()
        SegmentFactory(name="Other", rule={"segment": segment.pk})

        response = api(method, name, pk=segment.pk)

        assert response.status_code == HTTPStatus.CONFLICT
        assert response.json()["detail"] == "This is still used: Segment “Other”. Take it out there first."

    def test_say_what_keeps_them(self, api):
        kept = SegmentFactory(rule=ROME)
        user = SegmentFactory(rule={"segment": kept.pk, "member": True})

        body = api("get", "segment-used-by", pk=kept.pk).json()

        url = f"http://testserver{reverse('segments:detail', args=[user.pk])}"
        assert body == {"results": [{"label": f"Segment “{user.name}”", "url": url}]}

    def test_those_put_away_and_those_at_fault_are_told_apart(self, api, noon):
        archived = SegmentFactory(rule=ROME, archived_at=noon)
        broken = SegmentFactory(rule=ROME, fault="“City” is gone.")

        for told, expected in [({"archived": "true"}, archived), ({"faulty": "true"}, broken)]:
            found = api("get", "segment-list", told).json()["results"]
            assert [one["id"] for one in found] == [expected.pk]

    def test_a_taken_name_is_told_at_its_field(self, api):
        SegmentFactory(name="Romans")

        response = api("post", "segment-list", {"name": "Romans", "rule": ROME})

        assert [error["field"] for error in response.json()["errors"]] == ["name"]


class TestPreview:
    def test_counts_and_shows_some(self, api):
        ann = ContactFactory(attributes={"city": "Rome"}, phone="+391")
        ContactFactory(attributes={"city": "rome"}, consent=False)
        ContactFactory(attributes={"city": "Oslo"})

        body = api("post", "segment-preview", {"rule": ROME, "exact": True}).json()

        assert (body["count"], body["exact"], body["total"]) == (2, True, 3)
        assert body["sentence"] == "Everyone where “City” is “Rome”."
        assert body["reachable"] == {"email": 1, "sms": 0}
        assert body["unreachable"] == [
            {"channel": "email", "reason": "no_consent", "count": 1},
            {"channel": "sms", "reason": "no_consent", "count": 1},
            {"channel": "sms", "reason": "no_address", "count": 1},
        ]
        assert body["sample"][0]["id"] == ann.pk
        assert body["sample"][0]["conditions"] == [{"text": "“City” is “Rome”", "holds": True}]

    def test_refuses_with_the_path(self, api):
        response = api("post", "segment-preview", {"rule": {"all": [{"event": "", "did": True}]}})

        assert response.status_code == HTTPStatus.BAD_REQUEST
        assert [error["field"] for error in response.json()["errors"]] == ["all[0].event"]

    def test_changes_nothing_so_a_reader_may_ask(self, login):
        client = login(UserFactory(role="sales"))

        response = client.post(
            reverse("api:segment-preview"), {"rule": ROME}, content_type="application/json"
        )

        assert response.status_code == HTTPStatus.OK


class TestOneSegment:
    @pytest.mark.parametrize("is_counted", [True, False])
    def test_gives_its_people_by_pages_counted_or_not(self, api, noon, is_counted):
        people = ContactFactory.create_batch(3, attributes={"city": "Rome"})
        ContactFactory()
        segment = SegmentFactory(rule=ROME)
        if is_counted:
            services.segment_refresh(segment=segment, now=noon)

        body = api("get", "segment-contacts", {"limit": 2}, pk=segment.pk).json()

        assert [one["id"] for one in body["results"]] == [people[2].pk, people[1].pk]
        assert body["results"][0]["attributes"] == {"city": "Rome"}
        assert "cursor=" in body["next"]

    def test_gives_its_history(self, api, noon):
        segment = SegmentFactory(rule=ROME)
        services.segment_refresh(segment=segment, now=noon)

        body = api("get", "segment-history", pk=segment.pk).json()

        assert body["results"] == [{"at": "2030-03-01T12:00:00Z", "size": 0, "entered": 0, "left": 0}]

    @pytest.mark.parametrize(("city", "member"), [("Rome", True), ("Oslo", False)])
    def test_checks_a_person(self, api, city, member):
        contact = ContactFactory(attributes={"city": city})
        segment = SegmentFactory(rule={"all": [ROME, {"attribute": "visits", "op": "missing"}]})

        body = api("get", "segment-check", {"contact": contact.pk}, pk=segment.pk).json()

        assert body["member"] is member
        assert [one["holds"] for one in body["conditions"]] == [member, True]

    @pytest.mark.parametrize(
        ("contact", "status"),
        [("", HTTPStatus.BAD_REQUEST), ("ann", HTTPStatus.BAD_REQUEST), ("999", HTTPStatus.NOT_FOUND)],
    )
    def test_cannot_check_nobody(self, api, contact, status):
        response = api("get", "segment-check", {"contact": contact}, pk=SegmentFactory().pk)

        assert response.status_code == status


def test_the_schema_is_published(api):
    schema = api("get", "segment-rule-schema").json()

    jsonschema.Draft202012Validator(schema).validate(ROME)


class TestLists:
    def test_are_made_of_addresses(self, api):
        ann = ContactFactory(email="ann@example.com")

        body = api(
            "post", "list-list", {"name": "Friends", "emails": ["ann@example.com", "bob@example.com", "x"]}
        ).json()

        assert (body["added"], body["unknown"], body["invalid"]) == (1, ["bob@example.com"], ["x"])
        assert body["rejected"] == [
            {"row": 2, "value": "bob@example.com", "reason": "Nobody has this address."},
            {"row": 3, "value": "x", "reason": "“x” is not an e-mail address."},
        ]
        people = api("get", "list-contacts", pk=body["list"]["id"]).json()
        assert [one["id"] for one in people["results"]] == [ann.pk]

    def test_are_frozen_from_segments(self, api):
        ContactFactory(attributes={"city": "Rome"})

        segment = SegmentFactory(rule=ROME)

        told = {"name": "Romans", "description": "As of May", "segment": segment.pk}
        body = api("post", "list-list", told).json()

        assert (body["list"]["size"], body["list"]["description"]) == (1, "As of May")
        found = api("get", "list-list", {"frozen_from": segment.pk}).json()["results"]
        assert [one["id"] for one in found] == [body["list"]["id"]]

    def test_say_what_keeps_them(self, api):
        kept = ContactListFactory()
        user = SegmentFactory(rule={"list": kept.pk, "member": True})

        body = api("get", "list-used-by", pk=kept.pk).json()

        url = f"http://testserver{reverse('segments:detail', args=[user.pk])}"
        assert body == {"results": [{"label": f"Segment “{user.name}”", "url": url}]}

    def test_a_contact_has_those_it_is_on(self, api):
        ann = ContactFactory(email="ann@example.com")
        ContactListFactory()
        kept = api("post", "list-list", {"name": "Friends", "emails": ["ann@example.com"]}).json()["list"]

        body = api("get", "contact-segments-lists", pk=ann.pk).json()

        assert [one["id"] for one in body["results"]] == [kept["id"]]

    def test_a_number_that_no_id_can_be_is_refused(self, api):
        response = api("post", "list-remove", {"contacts": [2**63]}, pk=ContactListFactory().pk)

        assert response.status_code == HTTPStatus.BAD_REQUEST

    @pytest.mark.parametrize("body", [{"name": "x"}, {"name": "x", "emails": ["a@b.c"], "segment": 1}])
    def test_are_made_of_one_or_the_other(self, api, body):
        response = api("post", "list-list", body)

        assert response.status_code == HTTPStatus.BAD_REQUEST
        assert not ContactList.objects.exists()

    def test_grow_and_shrink(self, api):
        ann = ContactFactory(email="ann@example.com")
        kept = ContactListFactory()

        added = api("post", "list-add", {"emails": ["ann@example.com"]}, pk=kept.pk).json()
        removed = api("post", "list-remove", {"contacts": [ann.pk]}, pk=kept.pk).json()

        assert (added["added"], removed["removed"]) == (1, 1)
        assert api("patch", "list-detail", {"name": "Other"}, pk=kept.pk).json()["name"] == "Other"
        assert api("delete", "list-detail", pk=kept.pk).status_code == HTTPStatus.NO_CONTENT
