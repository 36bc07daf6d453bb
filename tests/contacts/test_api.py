from http import HTTPStatus

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.contacts import services
from apps.contacts.addresses import address_hash
from apps.contacts.models import Attribute, Consent, ConsentEvent, Contact, Event, ImportFile, Suppression
from apps.contacts.services import bulk as bulk_service
from tests.factories.accounts import UserFactory
from tests.factories.contacts import (
    AttributeFactory,
    ContactFactory,
    EventTypeFactory,
    IdentityFactory,
    SuppressionFactory,
)
from tests.factories.workbooks import packed

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(api):
    return api(UserFactory(role="integration"))


def errors(response):
    assert response.status_code == HTTPStatus.BAD_REQUEST, response.content
    return {error["field"]: error["message"] for error in response.json()["errors"]}


class TestContacts:
    URL = "/api/v1/contacts/"

    def test_is_told_as_the_interface_says(self, program):
        contact = ContactFactory(email="ann@example.com", attributes={"city": "Bonn"})
        IdentityFactory(contact=contact, namespace="crm", value="1")

        told = program.get(f"{self.URL}{contact.pk}/").json()

        assert list(told) == [
            "id",
            "identities",
            "email",
            "phone",
            "timezone",
            "attributes",
            "consent",
            "stage",
            "created_at",
            "updated_at",
        ]
        assert {"namespace": "crm", "value": "1"} in told["identities"]
        assert told["attributes"] == {"city": "Bonn"}
        assert told["consent"][0]["status"] == "subscribed"

    @pytest.mark.parametrize(
        ("query", "emails"),
        [
            ({"identity": "crm:1"}, ["ann"]),
            ({"identity": "email:ANN@example.com"}, ["ann"]),
            ({"identity": "crm:2"}, []),
            ({"email": "Bob@example.com"}, ["bob"]),
            ({"consent": "none"}, ["bob"]),
            ({"suppressed": "true"}, ["bob"]),
            ({"created_after": "2200-01-01T00:00:00Z"}, []),
        ],
    )
    def test_is_found(self, program, query, emails):
        IdentityFactory(contact=ContactFactory(email="ann@example.com"), namespace="crm", value="1")
        ContactFactory(email="bob@example.com", consent=False)
        SuppressionFactory(address="bob@example.com")

        found = program.get(self.URL, query).json()["results"]

        assert [contact["email"] for contact in found] == [f"{name}@example.com" for name in emails]

    def test_a_list_costs_the_same_for_one_and_for_many(self, program, django_assert_num_queries):
        ContactFactory()
        program.get(self.URL)
        ContactFactory.create_batch(20)

        with django_assert_num_queries(4):  # token, page, identities, consents
            assert len(program.get(self.URL).json()["results"]) == 21

    def test_is_made_with_consent(self, program):
        body = {
            "email": "Ann@example.com",
            "identities": [{"namespace": "crm", "value": "1"}],
            "attributes": {"city": "Bonn"},
            "consent": {"status": "subscribed", "basis": "form"},
        }

        response = program.post(self.URL, body, format="json")

        assert response.status_code == HTTPStatus.CREATED
        assert response.json()["email"] == "ann@example.com"
        assert Consent.objects.get().status == "subscribed"
        assert Attribute.objects.get().is_defined is False

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "email"),
            ({"email": "ann"}, "email"),
            ({"email": "ann@example.com", "attributes": {"visits": "many"}}, "attributes.visits"),
            ({"email": "ann@example.com", "attributes": []}, "attributes"),
            ({"email": "ann@example.com", "identities": [{"namespace": "crm"}]}, "identities.0.value"),
            ({"email": "ann@example.com", "consent": {"status": "maybe"}}, "consent.status"),
        ],
    )
    def test_what_is_wrong_is_told_by_field_and_nothing_is_kept(self, program, body, field):
        AttributeFactory(key="visits", type="number")

        assert list(errors(program.post(self.URL, body, format="json"))) == [field]
        assert not Contact.objects.exists()

    def test_consent_that_is_refused_takes_the_contact_back(self, program):
        SuppressionFactory(address="ann@example.com")
        body = {"email": "ann@example.com", "consent": {"status": "subscribed", "basis": "form"}}

        response = program.post(self.URL, body, format="json")

        assert response.status_code == HTTPStatus.CONFLICT
        assert not Contact.objects.exists()

    def test_is_patched(self, program):
        AttributeFactory(key="city")
        contact = ContactFactory(attributes={"city": "Bonn"})

        response = program.patch(
            f"{self.URL}{contact.pk}/", {"attributes": {"city": None}, "phone": "+49170123456"}, format="json"
        )

        assert response.json()["attributes"] == {}
        contact.refresh_from_db()
        assert contact.phone == "+49170123456"

    def test_the_timeline_is_paged(self, program):
        contact = ContactFactory()

        told = program.get(f"{self.URL}{contact.pk}/timeline/").json()

        assert told == {"results": [], "next": None}
        for cursor in ("x", "20240101T000000.000000--100", "99991231T235959.999999-0"):
            assert errors(program.get(f"{self.URL}{contact.pk}/timeline/", {"cursor": cursor})) == {
                "cursor": "This cursor is not one of this list."
            }

    @pytest.mark.parametrize("role", ["executive", "contributor"])
    def test_is_not_there_for_those_who_do_not_work_with_people(self, api, role):
        assert api(UserFactory(role=role)).get(self.URL).status_code == HTTPStatus.NOT_FOUND


class TestContactsFound:
    URL = "/api/v1/contacts/"

    @pytest.fixture(autouse=True)
    def people(self):
        AttributeFactory(key="city")
        AttributeFactory(key="visits", type="number")
        ann = ContactFactory(email="ann@example.com", attributes={"city": "Bonn", "visits": 3})
        ContactFactory(email="bob@example.com", attributes={"city": "Bonn", "visits": 1})
        ContactFactory(email="cat@example.com")
        IdentityFactory(contact=ann, namespace="crm", value="4711")

    @pytest.mark.parametrize(
        ("asked", "names"),
        [
            ({}, ["cat", "bob", "ann"]),
            ({"ordering": "id"}, ["ann", "bob", "cat"]),
            ({"search": "BO"}, ["bob"]),
            ({"search": "crm:4711"}, ["ann"]),
            ({"where": '[["city","eq","bonn"]]'}, ["bob", "ann"]),
            ({"where": '[["city","eq","bonn"],["visits","gte","2"]]'}, ["ann"]),
            ({"where": '[["city","missing",""]]', "search": "c"}, ["cat"]),
        ],
    )
    def test_by_what_is_asked(self, program, asked, names):
        found = program.get(self.URL, asked).json()["results"]

        assert [contact["email"].partition("@")[0] for contact in found] == names

    @pytest.mark.parametrize(
        ("asked", "field", "reason"),
        [
            ({"ordering": "email"}, "ordering", "Cannot order by"),
            ({"suppressed": "maybe"}, "suppressed", "Write true or false"),
            ({"where": "city"}, "where", "Write a JSON list"),
            ({"where": '[["city","eq"]]'}, "where", "Write a JSON list"),
            ({"where": '[["city","eq",{}]]'}, "where", "Write a JSON list"),
            ({"where": '[["town","eq","Bonn"]]'}, "where", "has no “town”"),
            ({"where": '[["city","is","Bonn"]]'}, "where", "is none of"),
            ({"where": '[["visits","gte","many"]]'}, "where", "is not a number"),
            ({"where": '[["visits","gte",""]]'}, "where", "Say what to compare with"),
        ],
    )
    def test_what_cannot_be_asked_is_refused(self, program, asked, field, reason):
        assert reason in errors(program.get(self.URL, asked))[field]


class TestContactsBulk:
    URL = "/api/v1/contacts/bulk/"

    def results(self, program, contacts, **more):
        response = program.post(self.URL, {"contacts": contacts, **more}, format="json")
        assert response.status_code == HTTPStatus.OK, response.content
        return response.json()["results"]

    def test_consent_of_a_single_row_is_refused_and_not_dropped(self, program):
        row = {"email": "ann@example.com", "consent": {"status": "subscribed", "basis": "form"}}

        response = program.post(self.URL, {"contacts": [row]}, format="json")

        assert "it is written down for all of them" in errors(response)["contacts.0.consent"]
        assert not Contact.objects.exists()

    def test_each_row_is_told_how_it_ended(self, program):
        AttributeFactory(key="city")
        AttributeFactory(key="visits", type="number")
        ann = ContactFactory(email="ann@example.com", attributes={"city": "Bonn", "visits": 1})
        bob = ContactFactory(email="bob@example.com", attributes={"city": "Bonn"})
        SuppressionFactory(address="gone@example.com")
        IdentityFactory(contact=bob, namespace="crm", value="1")

        results = self.results(
            program,
            [
                {"email": "ANN@example.com", "attributes": {"city": "Paris"}},
                {"email": "bob@example.com", "attributes": {"city": "Bonn"}},
                {"email": "new@example.com", "attributes": {"note": 'a\\b\t"c"'}},
                {"email": "new@example.com"},
                {"email": "gone@example.com"},
                {"email": "bad"},
                {"email": "cat@example.com", "attributes": {"visits": "many"}},
                {"email": "dan@example.com", "identities": [{"namespace": "crm", "value": "1"}]},
            ],
        )

        assert [row["status"] for row in results] == [
            "updated",
            "unchanged",
            "created",
            "duplicate",
            "suppressed",
            "invalid",
            "invalid",
            "invalid",
        ]
        assert results[0]["id"] == ann.pk
        assert list(results[6]["errors"]) == ["attributes.visits"]
        assert results[7]["errors"] == {"identities": ["One of its identities belongs to another contact."]}
        ann.refresh_from_db()
        assert ann.attributes == {"city": "Paris", "visits": 1}
        new = Contact.objects.get(email="new@example.com")
        assert (new.pk, new.attributes) == (results[2]["id"], {"note": 'a\\b\t"c"'})

    def test_the_same_again_changes_nothing(self, program):
        rows = [{"email": f"{n}@example.com", "attributes": {"n": n}} for n in range(5)]
        self.results(program, rows)
        before = list(Contact.objects.order_by("pk").values())

        results = self.results(program, rows)

        assert {row["status"] for row in results} == {"unchanged"}
        assert list(Contact.objects.order_by("pk").values()) == before

    def test_a_new_key_is_of_the_type_that_the_first_row_shows(self, program):
        results = self.results(
            program,
            [
                {"email": "ann@example.com", "attributes": {"score": 5}},
                {"email": "bob@example.com", "attributes": {"score": "high"}},
                {"email": "cat@example.com", "attributes": {"score": "7"}},
            ],
        )

        assert [row["status"] for row in results] == ["created", "invalid", "created"]
        assert results[1]["errors"] == {"attributes.score": ["“high” is not a number."]}
        assert Attribute.objects.get().type == "number"
        assert list(Contact.objects.order_by("email").values_list("attributes__score", flat=True)) == [5, 7]

    def test_a_new_key_that_somebody_else_describes_meanwhile_is_of_their_type(self, program, rival):
        rival(bulk_service, "number")

        results = self.results(
            program,
            [
                {"email": "ann@example.com", "attributes": {"score": "high"}},
                {"email": "bob@example.com", "attributes": {"score": "7"}},
            ],
        )

        assert [row["status"] for row in results] == ["invalid", "created"]
        assert Contact.objects.get().attributes == {"score": 7}

    def test_numbers_are_kept_with_their_hash(self, program):
        self.results(
            program, [{"email": "ann@example.com", "phone": "+49 170 1234"}, {"email": "b@example.com"}]
        )
        self.results(program, [{"email": "ann@example.com"}, {"email": "b@example.com", "phone": "+4917055"}])

        kept = Contact.objects.order_by("email").values_list("phone", "phone_hash")
        assert [(phone, bytes(hashed)) for phone, hashed in kept] == [
            ("+491701234", address_hash("+491701234")),
            ("+4917055", address_hash("+4917055")),
        ]

    def test_people_may_be_known_by_another_identity(self, program):
        rows = [
            {"identities": [{"namespace": "crm", "value": "1"}], "email": "ann@example.com"},
            {"email": "bob@example.com"},
        ]

        results = self.results(program, rows, key="identity:crm")

        assert [row["status"] for row in results] == ["created", "invalid"]
        assert Contact.objects.get().identities.count() == 2

    def test_costs_the_same_for_few_and_for_many(self, program, django_assert_max_num_queries):
        with django_assert_max_num_queries(25):
            self.results(program, [{"email": f"{n}@example.com"} for n in range(300)])

        assert Contact.objects.count() == 300

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"contacts": []}, "contacts"),
            ({"contacts": [{"email": 5.5, "phone": {}}]}, "contacts.0.phone"),
            ({"contacts": [{"email": f"{n}@example.com"} for n in range(1_001)]}, "contacts"),
        ],
    )
    def test_what_is_no_list_of_contacts_is_refused(self, program, body, field):
        assert field in errors(program.post(self.URL, body, format="json"))

    @pytest.mark.parametrize("missing", ["basis", "source", "wording"])
    def test_nobody_is_subscribed_without_proof(self, program, missing):
        proof = {"status": "subscribed", "basis": "form", "source": "shop", "wording": "Yes, write to me."}
        body = {"contacts": [{"email": "ann@example.com"}], "consent": proof | {missing: " "}}

        response = program.post(self.URL, body, format="json")

        assert response.status_code == HTTPStatus.CONFLICT
        assert "on what basis" in response.json()["detail"]
        assert not Contact.objects.exists()

    def test_the_proof_is_kept(self, program):
        proof = {"status": "subscribed", "basis": "form", "source": "shop", "wording": "Yes, write to me."}

        self.results(program, [{"email": "ann@example.com"}], consent=proof)

        kept = ConsentEvent.objects.get()
        assert (kept.basis, kept.source, kept.wording) == ("form", "shop", "Yes, write to me.")

    def test_a_key_that_names_nobody_is_refused(self, program):
        body = {"key": "phone", "contacts": [{"email": "ann@example.com"}]}

        response = program.post(self.URL, body, format="json")

        assert response.status_code == HTTPStatus.CONFLICT


def _event_of(properties):
    return b'[{"message_id": "m1", "identity": "crm:1", "event": "e", "properties": ' + properties + b"}]"


class TestBadEvents:
    URL = "/api/v1/events/"

    @pytest.mark.parametrize(
        "body",
        [
            pytest.param(b'[{"message_id": "m1", ', id="half"),
            pytest.param(b"[[[[", id="open"),
            pytest.param(b"7", id="a number"),
            pytest.param(b"[1, null, []]", id="rows that are none"),
            pytest.param(b'[{"event": {"a": 1}, "identity": 7, "message_id": []}]', id="wrong types"),
            pytest.param(_event_of(b'"x"'), id="properties that are none"),
            pytest.param(_event_of(b'{"a": "x\\u0000y"}'), id="NUL"),
            pytest.param(_event_of(b'{"a": "half \\ud83d"}'), id="a lone surrogate"),
            pytest.param(_event_of(b'{"a": "\xff"}'), id="not UTF-8"),
            pytest.param(_event_of(b'{"a": NaN}'), id="no number"),
            pytest.param(_event_of(b'{"a": ' + b"[" * 50_000 + b"]" * 50_000 + b"}"), id="deep"),
            pytest.param(_event_of(b'{"a": "' + b"x" * 40_000 + b'"}'), id="too large"),
            pytest.param(
                _event_of(b"{" + b",".join(b'"p%d": 1' % n for n in range(100_000)) + b"}"),
                id="100,000 names",
            ),
        ],
    )
    def test_are_refused_and_the_next_is_taken(self, program, body):
        answer = program.generic("POST", self.URL, body, content_type="application/json")

        is_told_by_row = answer.status_code == HTTPStatus.ACCEPTED
        assert is_told_by_row or answer.status_code == HTTPStatus.BAD_REQUEST, answer.content[:300]
        assert not is_told_by_row or answer.json()["refused"] == 1
        assert not Event.objects.exists()
        good = {"message_id": "m1", "identity": "crm:1", "event": "e"}
        taken = program.post(self.URL, [good], format="json")
        assert taken.json()["recorded"] == 1


class TestEvents:
    URL = "/api/v1/events/"

    def test_one_that_nobody_could_tell_from_its_repeat_is_refused(self, program):
        body = [{"event": "Order", "identity": "email:ann@example.com", "properties": {"total": 9}}]

        refused = errors(program.post(self.URL, body, format="json"))

        assert refused == {"0.message_id": "Give message_id or occurred_at, to know a repeat by."}
        assert not Event.objects.exists()
        body[0]["message_id"] = "order-1"
        counts = [program.post(self.URL, body, format="json").json() for _twice in range(2)]
        assert [count["recorded"] for count in counts] == [1, 0]

    def test_are_taken_and_told_one_by_one(self, program):
        contact = ContactFactory(email="ann@example.com")
        events = [
            {
                "message_id": "1",
                "event": "Order",
                "identity": "email:ann@example.com",
                "properties": {"total": 9.5},
            },
            {"message_id": "2", "event": "Order", "contact": {"id": contact.pk}},
            {"message_id": "3", "event": "Order", "contact": {"email": "new@example.com"}},
            {"message_id": "4", "event": "Order", "contact": {"namespace": "crm", "value": "1"}},
            {"message_id": "1", "event": "Order", "identity": "email:ann@example.com"},
            {"message_id": "5", "event": "Order", "identity": "email:bad"},
        ]

        response = program.post(self.URL, events, format="json")

        told = response.json()
        assert response.status_code == HTTPStatus.ACCEPTED
        assert (told["recorded"], told["duplicate"], told["refused"]) == (4, 1, 1)
        assert told["results"][5]["reason"] == "“bad” is not an e-mail address."
        assert Event.objects.count() == 4
        again = program.post(self.URL, events, format="json").json()
        assert (again["recorded"], again["duplicate"]) == (0, 5)

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, ""),
            ([], ""),
            ([{"event": "x", "identity": "email:a@example.com"}] * 1_001, ""),
            (["x"], "0"),
            ([{"event": "Order"}], "0"),
            ([{"event": "Order", "identity": "nobody"}], "0.identity"),
            ([{"event": "Order", "contact": {}}], "0.contact"),
            ([{"identity": "crm:1"}], "0.event"),
            ([{"event": "Order", "identity": "crm:1", "occurred_at": "soon"}], "0.occurred_at"),
            ([{"event": "Order", "identity": "crm:1", "properties": []}], "0.properties"),
        ],
    )
    def test_what_is_no_list_of_events_is_refused(self, program, body, field):
        assert field in errors(program.post(self.URL, body, format="json"))
        assert not Event.objects.exists()

    def test_are_listed_newest_first_and_narrowed(self, program):
        contact = ContactFactory()
        events = [
            {"event": name, "contact": {"id": contact.pk}, "occurred_at": f"2026-0{month}-01T00:00:00Z"}
            for month, name in enumerate(["Visit", "Order", "Visit"], start=1)
        ]
        program.post(self.URL, events, format="json")

        every = program.get(self.URL).json()["results"]
        visits = program.get(self.URL, {"event": "Visit", "limit": 1}).json()

        assert [event["occurred_at"][:7] for event in every] == ["2026-03", "2026-02", "2026-01"]
        assert visits["results"][0]["occurred_at"][:7] == "2026-03"
        assert program.get(visits["next"]).json()["results"][0]["occurred_at"][:7] == "2026-01"
        assert program.get(self.URL, {"contact": 2**70}).status_code == HTTPStatus.BAD_REQUEST

    def test_names_are_listed(self, program):
        EventTypeFactory(name="Order", properties={"total": "number"})

        told = program.get("/api/v1/event-types/").json()["results"]

        assert [(one["name"], one["properties"]) for one in told] == [("Order", {"total": "number"})]


class TestAttributes:
    URL = "/api/v1/attributes/"

    def test_are_described_changed_and_taken_away(self, api, lead):
        client = api(lead)
        body = {"key": "city", "label": "Town", "type": "text", "uses": ["content"], "indexed": True}

        made = client.post(self.URL, body, format="json").json()
        changed = client.patch(f"{self.URL}{made['id']}/", {"definition": "Home."}, format="json").json()
        gone = client.delete(f"{self.URL}{made['id']}/")

        assert (made["uses"], made["indexed"], made["defined"]) == (["content"], True, True)
        assert changed["definition"] == "Home."
        assert gone.status_code == HTTPStatus.NO_CONTENT
        assert client.get(self.URL).json()["results"] == []

    def test_a_name_that_is_none_is_refused_with_one_that_would_be(self, program):
        body = {"key": "Last Order", "label": "Last order", "type": "date"}

        assert "last_order" in errors(program.post(self.URL, body, format="json"))["key"]

    def test_a_name_that_may_mean_what_another_means_is_taken_once_that_is_denied(self, program):
        AttributeFactory(key="last_order")
        body = {"key": "order_last", "label": "Order, last", "type": "date"}

        refused = errors(program.post(self.URL, body, format="json"))
        made = program.post(self.URL, body | {"is_other": True}, format="json")

        assert "“last_order”" in refused["is_other"]
        assert made.status_code == HTTPStatus.CREATED
        assert set(Attribute.objects.values_list("key", flat=True)) == {"last_order", "order_last"}


class TestSuppressions:
    URL = "/api/v1/suppressions/"

    def test_are_added_found_and_lifted_without_the_address_ever_told(self, api, lead):
        client = api(lead)
        made = client.post(self.URL, {"address": "Ann@example.com", "source": "letter"}, format="json")

        found = client.get(self.URL, {"address": "ann@example.com"}).json()["results"]
        assert [one["id"] for one in found] == [made.json()["id"]]
        assert list(found[0]) == ["id", "channel", "reason", "at", "source"]
        lifted = client.post(f"{self.URL}{made.json()['id']}/lift/", {"why": "mistake"}, format="json")
        assert lifted.status_code == HTTPStatus.NO_CONTENT
        assert not Suppression.objects.exists()

    @pytest.mark.parametrize(
        ("channel", "kept", "typed"),
        [
            ("email", "ann@münchen.example", " Ann@xn--mnchen-3ya.example"),
            ("sms", "+49170123456", "0049 170 / 12-34.56"),
        ],
    )
    def test_whatever_way_an_address_is_written_it_is_the_contacts(self, program, noon, channel, kept, typed):
        program.post(self.URL, {"address": typed, "channel": channel}, format="json")

        suppression = Suppression.objects.get()
        assert bytes(suppression.address_hash) == address_hash(kept)
        for address in (kept, typed):
            found = program.get(self.URL, {"address": address}).json()["results"]
            assert [one["id"] for one in found] == [suppression.pk]

    @pytest.mark.parametrize(
        ("channel", "typed"), [("email", "ann"), ("sms", "ann@example.com"), ("sms", "12")]
    )
    def test_what_is_no_address_of_the_channel_is_refused(self, program, channel, typed):
        response = program.post(self.URL, {"address": typed, "channel": channel}, format="json")

        assert list(errors(response)) == ["address"]
        assert list(errors(program.get(self.URL, {"address": typed, "channel": channel}))) == ["address"]
        assert not Suppression.objects.exists()


class TestImports:
    URL = "/api/v1/imports/"

    def post(self, program, text, **more):
        file = SimpleUploadedFile("people.csv", text if isinstance(text, bytes) else text.encode())
        return program.post(self.URL, {"file": file, **more}, format="multipart")

    def test_of_a_workbook_the_sheet_that_is_named_is_taken(self, program, noon):
        raw = packed(Notes=[["n"], [1]], People=[["E-Mail"], ["ann@example.com"]])

        sent = self.post(program, raw, sheet="People")
        refused = self.post(program, raw, sheet="Other")
        asked = self.post(program, raw)

        services.imports_run(now=noon)
        assert sent.status_code == HTTPStatus.ACCEPTED
        assert program.get(f"{self.URL}{sent.json()['id']}/").json()["created"] == 1
        assert refused.status_code == HTTPStatus.BAD_REQUEST
        assert "The workbook has no sheet “Other”. It has: Notes, People." in str(refused.json())
        assert asked.status_code == HTTPStatus.BAD_REQUEST
        assert "The workbook has several sheets: Notes, People." in str(asked.json())
        assert ImportFile.objects.count() == 1

    def test_a_file_is_taken_and_worked_behind_the_answer(self, program, noon):
        response = self.post(program, "email,city\nann@example.com,Bonn\nbad,Paris\n")
        started = response.json()
        services.imports_run(now=noon)

        ended = program.get(f"{self.URL}{started['id']}/").json()

        assert response.status_code == HTTPStatus.ACCEPTED
        assert started["status"] == "pending"
        assert (ended["status"], ended["rows_total"], ended["created"], ended["invalid"]) == ("done", 2, 1, 1)
        refused = program.get(ended["errors_url"])
        assert b"".join(refused.streaming_content).decode().splitlines()[1:] == [
            "bad,Paris,3,email,“bad” is not an e-mail address."
        ]

    def test_a_mapping_says_what_columns_are(self, program, noon):
        mapping = '{"E": "email", "n": "attr:visits:number", "x": null}'

        text = "E,n,x\nann@example.com,3,y\n"
        response = self.post(program, text, mapping=mapping, mode="create", dry_run="false")
        assert response.status_code == HTTPStatus.ACCEPTED, response.content
        services.imports_run(now=noon)

        assert Contact.objects.get().attributes == {"visits": 3}

    @pytest.mark.parametrize(
        ("text", "more", "field"),
        [
            (b"", {}, "file"),
            (b"\x89PNG\r\n\0\0", {}, "file"),
            ("email,Email\na@example.com,b\n", {}, "file"),
            ("email\na@example.com\n", {"mapping": "["}, "mapping"),
            ("email\na@example.com\n", {"mapping": '{"town": "email"}'}, "mapping"),
            ("city\nBonn\n", {}, "mapping"),
            ("email\na@example.com\n", {"consent": '{"status": "subscribed"}'}, "consent"),
            ("email\na@example.com\n", {"mode": "replace"}, "mode"),
        ],
    )
    def test_what_cannot_be_is_refused_and_no_file_is_kept(self, program, text, more, field):
        assert list(errors(self.post(program, text, **more))) == [field]
        assert not ImportFile.objects.exists()

    def test_is_cancelled_once(self, program):
        started = self.post(program, "email\na@example.com\n").json()

        first = program.post(f"{self.URL}{started['id']}/cancel/")
        second = program.post(f"{self.URL}{started['id']}/cancel/")

        assert first.json()["status"] == "cancelled"
        assert second.status_code == HTTPStatus.CONFLICT

    def test_the_same_request_again_starts_nothing_again(self, program):
        for _time in range(2):
            file = SimpleUploadedFile("people.csv", b"email\na@example.com\n")
            program.post(self.URL, {"file": file}, format="multipart", headers={"idempotency-key": "k"})

        assert ImportFile.objects.count() == 1
        assert reverse("api:import-list") == self.URL
