import base64
import gzip
import json
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.db.models import Sum
from django.test import Client

from apps.accounts import tokens
from apps.contacts import services as contacts
from apps.contacts.eventfields import Field, FieldType
from apps.contacts.models import (
    Attribute,
    Company,
    CompanyIdentity,
    CompanyMember,
    Contact,
    Event,
    EventType,
    HeldEvent,
    Identity,
)
from apps.core import clock
from apps.integrations import limits, services
from apps.integrations.models import Source, Tally
from apps.integrations.segment.faults import Fault
from apps.integrations.services import room
from tests.factories.contacts import (
    AttributeFactory,
    CompanyFactory,
    ContactFactory,
    EventTypeFactory,
    IdentityFactory,
)
from tests.factories.integrations import SourceFactory

pytestmark = pytest.mark.django_db
KEY = "bkw_of-the-shop"
BASIC = "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()
ORDER = {"userId": "u1", "event": "order_completed", "messageId": "m1", "properties": {"total": 59.9}}


@pytest.fixture(autouse=True)
def shop():
    return SourceFactory(name="Web shop", key=KEY)


@pytest.fixture
def post():
    """Return a function that posts as an SDK does: without cookies, any content type."""

    def send(call, told, *, strict=False, auth=BASIC, **headers):
        body = told if isinstance(told, bytes) else json.dumps(told).encode()
        given = {"authorization": auth, "x-strict-mode": "1" if strict else "0", **headers}
        client = Client(enforce_csrf_checks=True)
        return client.post(f"/v1/{call}", body, content_type="text/plain", headers=given)

    return send


def names_of(contact):
    return set(contact.identities.values_list("namespace", "value"))


def faults():
    """Return the faults that were counted, without how messages ended."""
    ends = {"recorded", "duplicate", "refused"}
    return {row.outcome: row.count for row in Tally.objects.exclude(outcome__in=ends)}


class TestDirectPath:
    """What programs send by the thousand meets nothing of what pages need."""

    def test_an_event_of_somebody_known_costs_one_statement(self, post, django_assert_num_queries):
        post("track", ORDER)
        post("track", ORDER | {"messageId": "m2"})  # the name of the event is remembered

        with django_assert_num_queries(1):
            post("track", ORDER | {"messageId": "m3"})

        assert Event.objects.count() == 3
        assert Tally.objects.aggregate(all=Sum("count")) == {"all": 3}

    def test_an_event_of_somebody_known_that_comes_again_is_counted_and_not_kept(self, post):
        for _again in range(3):
            response = post("track", ORDER)

        assert response.json() == {"success": True}
        assert Event.objects.count() == 1
        assert dict(Tally.objects.values_list("outcome", "count")) == {"recorded": 1, "duplicate": 2}

    def test_a_key_that_was_revoked_a_moment_ago_writes_nothing(self, post):
        post("track", ORDER)
        services.source_revoke(source=Source.objects.get(), by=None, now=clock.now())

        assert post("track", ORDER | {"messageId": "m2"}).json()["code"] == "unauthorized"
        assert Event.objects.count() == 1

    def test_two_names_of_two_people_take_the_usual_way(self, post):
        post("track", ORDER)
        post("track", ORDER | {"messageId": "m2", "userId": "u-2", "anonymousId": "a-2"})

        post("track", ORDER | {"messageId": "m3", "anonymousId": "a-2"})

        # The event is the user's, whoever the browser was last.
        assert Event.objects.filter(contact=Event.objects.earliest("id").contact).count() == 2

    def test_no_session_and_no_cookie_but_a_number_of_the_request(self, post):
        response = post("track", ORDER)

        assert not response.cookies
        assert "Content-Security-Policy" not in response.headers
        assert response.headers["X-Request-ID"]
        assert response.resolver_match.view_name == "integrations:ingest"

    def test_a_page_whose_address_is_like_it_is_still_a_page(self, client):
        assert client.get("/v1/").status_code == 404

    @pytest.mark.django_db(transaction=True)
    def test_what_is_new_of_an_events_name_is_noted_without_a_transaction_around_it(self, post):
        post("track", ORDER)
        post("track", ORDER | {"messageId": "m2"})

        told = post("track", ORDER | {"messageId": "m3", "properties": {"total": 1, "coupon": "SPRING"}})

        assert told.json() == {"success": True}
        assert EventType.objects.get().properties.keys() == {"total", "coupon"}

    @pytest.mark.django_db(transaction=True)
    def test_a_connection_that_was_lost_is_made_again(self, post):
        SourceFactory(name="Till", key="bkw_till")
        with (
            connection.cursor() as cursor,
            psycopg.connect(
                **connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}, autocommit=True
            ) as other,
        ):
            cursor.execute("SELECT pg_backend_pid()")
            other.execute("SELECT pg_terminate_backend(%s, 5000)", cursor.fetchone())

        assert post("track", ORDER).json() == {"success": True}
        assert Event.objects.count() == 1


class TestTrack:
    def test_keeps_an_event_of_a_user_whom_nobody_knew(self, post):
        response = post("track", ORDER)

        event = Event.objects.get()
        assert (response.status_code, response.json()) == (200, {"success": True})
        assert (event.name, event.properties, event.source) == (
            "order_completed",
            {"total": 59.9},
            "Web shop",
        )
        assert names_of(event.contact) == {("user", "u1")}
        assert EventType.objects.get().properties == {"total": "number"}

    def test_a_message_id_is_taken_once(self, post):
        first, second = post("track", ORDER), post("track", ORDER | {"properties": {}})

        assert first.status_code == second.status_code == 200
        assert Event.objects.get().properties == {"total": 59.9}
        assert {row.outcome: row.count for row in Tally.objects.all()} == {"recorded": 1, "duplicate": 1}

    def test_the_senders_clock_is_set_right(self, post):
        told = {"timestamp": "2020-01-01T10:00:00.000Z", "sentAt": "2020-01-01T10:05:00.000Z"}

        post("track", ORDER | told)

        event = Event.objects.get()
        assert event.occurred_at == event.received_at - timedelta(minutes=5)

    def test_without_sent_at_the_time_is_taken_as_told(self, post):
        post("track", ORDER | {"timestamp": "2025-01-01T10:00:00+01:00"})

        assert Event.objects.get().occurred_at.isoformat() == "2025-01-01T09:00:00+00:00"

    @pytest.mark.parametrize(
        "told", ["yesterday", 1735725600, "1999-12-31T00:00:00Z", "9999-12-31T23:59:59Z"]
    )
    def test_a_time_that_cannot_be_is_the_time_of_arrival(self, post, told):
        post("track", ORDER | {"timestamp": told})

        event = Event.objects.get()
        assert event.occurred_at == event.received_at
        assert faults() == {Fault.BAD_TIME: 1}

    def test_the_time_zone_of_an_identify_is_the_persons_and_a_bad_one_is_left_out_and_noted(self, post):
        def identify(zone, **options):
            return post("identify", {"userId": "u1", "context": {"timezone": zone}}, **options)

        identify("Europe/Paris")
        assert Contact.objects.get().timezone == "Europe/Paris"

        identify("Mars/Base")
        identify(7)
        assert identify("Mars/Base", strict=True).status_code == 400

        assert Contact.objects.get().timezone == "Europe/Paris"
        assert faults() == {Fault.BAD_ZONE: 1, Fault.WRONG_TYPE: 1}

    def test_a_time_zone_among_the_traits_is_the_persons_and_no_attribute(self, post):
        post(
            "identify", {"userId": "u1", "traits": {"timezone": "Asia/Tokyo"}, "context": {"timezone": "UTC"}}
        )

        person = Contact.objects.get()
        assert (person.timezone, person.attributes) == ("Asia/Tokyo", {})

    def test_where_somebody_came_from_is_kept_and_what_is_personal_is_not(self, post):
        context = {"campaign": {"source": "spring"}, "ip": "203.0.113.9", "userAgent": "x"}

        post("track", ORDER | {"context": context})

        assert Event.objects.get().properties == {
            "total": 59.9,
            "context": {"campaign": {"source": "spring"}},
        }


class TestSchema:
    def test_an_event_that_does_not_fit_is_taken_and_kept_apart(self, post):
        order = EventTypeFactory(name="order_completed")
        fields = [Field("total", FieldType.TEXT, is_required=True)]
        contacts.event_schema_change(
            event_type=order, mode="quarantine", fields=fields, by=None, now=clock.now()
        )

        first, second = post("track", ORDER, strict=True), post("track", ORDER)

        assert first.json() == second.json() == {"success": True}
        assert HeldEvent.objects.get().faults == [["total", "wrong_type"]]
        assert not Event.objects.exists()
        assert {row.outcome: row.count for row in Tally.objects.all()} == {"quarantined": 1, "duplicate": 1}


class TestOtherCalls:
    @pytest.mark.parametrize(
        ("call", "told", "name", "properties"),
        [
            (
                "page",
                {"name": "Home", "properties": {"path": "/"}},
                "page_viewed",
                {"name": "Home", "path": "/"},
            ),
            ("screen", {"name": "Cart"}, "screen_viewed", {"name": "Cart"}),
            (
                "group",
                {"groupId": "g1", "traits": {"plan": "pro"}},
                "group_joined",
                {"group_id": "g1", "plan": "pro"},
            ),
        ],
    )
    def test_is_kept_as_an_event(self, post, call, told, name, properties):
        response = post(call, told | {"anonymousId": "a1"})

        event = Event.objects.get()
        assert response.json() == {"success": True}
        assert (event.name, event.properties) == (name, properties)
        assert names_of(event.contact) == {("anonymous", "a1")}

    def test_a_call_that_does_not_exist_is_not_found(self, post):
        assert post("import", ORDER).status_code == 404


class TestIdentify:
    def test_writes_traits_by_the_dictionary_and_flags_keys_that_it_lacks(self, post):
        AttributeFactory(key="visits", type=Attribute.Type.NUMBER)
        traits = {"email": "Ann@Example.com", "visits": 7, "firstName": "Ann", "address": {"city": "Bern"}}

        post("identify", {"userId": "u1", "traits": traits})

        ann = Contact.objects.get()
        assert (ann.email, ann.attributes) == (
            "ann@example.com",
            {"visits": 7, "first_name": "Ann", "address_city": "Bern"},
        )
        assert names_of(ann) == {("user", "u1"), ("email", "ann@example.com")}
        flagged = Attribute.objects.filter(is_defined=False).values_list("key", flat=True)
        assert set(flagged) == {"first_name", "address_city"}

    def test_a_trait_that_does_not_fit_is_left_out_and_the_rest_kept(self, post):
        AttributeFactory(key="visits", type=Attribute.Type.NUMBER)

        response = post(
            "identify", {"userId": "u1", "traits": {"visits": "many", "city": "Bern", "tags": [1]}}
        )

        assert response.json() == {"success": True}
        assert Contact.objects.get().attributes == {"city": "Bern"}
        assert faults() == {Fault.BAD_TRAIT: 1}

    def test_an_old_message_that_comes_again_does_not_bring_the_old_value_back(self, post):
        for number, city in enumerate(["Bern", "Basel", "Bern"]):
            message_id = f"m{number % 2}"
            post("identify", {"userId": "u1", "messageId": message_id, "traits": {"city": city}})

        assert Contact.objects.get().attributes == {"city": "Basel"}

    def test_a_visitor_becomes_the_user(self, post):
        post("page", {"anonymousId": "a1"})

        post("identify", {"anonymousId": "a1", "userId": "u1", "traits": {"email": "ann@example.com"}})

        ann = Contact.objects.get()
        assert names_of(ann) == {("anonymous", "a1"), ("user", "u1"), ("email", "ann@example.com")}
        assert ann.events.get().name == "page_viewed"

    def test_a_visitor_who_turns_out_to_be_somebody_known_is_merged_with_them(self, post):
        post("identify", {"userId": "u1", "traits": {"city": "Bern"}})
        post("page", {"anonymousId": "a1"})
        post("page", {"anonymousId": "a2"})

        post("track", ORDER | {"anonymousId": "a1"})

        ann = Identity.objects.get(value="u1").contact
        assert names_of(ann) == {("user", "u1"), ("anonymous", "a1")}
        assert set(ann.events.values_list("name", flat=True)) == {"page_viewed", "order_completed"}
        assert ann.merges.get().by is None
        assert Identity.objects.get(value="a2").contact.merged_into is None

    def test_a_visitor_with_a_telephone_is_somebody_and_stays_apart(self, post):
        post("identify", {"anonymousId": "a1", "traits": {"phone": "+41 44 123 45 67"}})
        post("identify", {"userId": "u1"})

        response = post("track", ORDER | {"anonymousId": "a1"})

        assert response.json() == {"success": True}
        assert Identity.objects.get(value="a1").contact.phone == "+41441234567"
        assert Event.objects.get().contact == Identity.objects.get(value="u1").contact

    def test_a_contact_known_by_address_becomes_the_user(self, post):
        ann = ContactFactory(email="ann@example.com")

        post("identify", {"userId": "u1", "traits": {"email": "ann@example.com"}})

        assert names_of(ann) == {("user", "u1"), ("email", "ann@example.com")}

    def test_two_known_people_are_never_joined(self, post):
        ann = ContactFactory(email="ann@example.com")
        IdentityFactory(contact=ann, namespace="user", value="u1")
        bob = ContactFactory(email="bob@example.com")
        IdentityFactory(contact=bob, namespace="user", value="u2")

        post("identify", {"userId": "u2", "traits": {"email": "ann@example.com", "city": "Bern"}})

        bob.refresh_from_db()
        assert (bob.email, bob.attributes) == ("bob@example.com", {"city": "Bern"})
        assert names_of(ann) == {("user", "u1"), ("email", "ann@example.com")}
        assert faults() == {Fault.OTHER_PERSON: 1}

    def test_a_device_of_two_people_stays_with_the_first(self, post):
        for user in ("u1", "u2"):
            post("track", ORDER | {"userId": user, "anonymousId": "a1", "messageId": user})

        first = Identity.objects.get(value="u1").contact
        assert names_of(first) == {("user", "u1"), ("anonymous", "a1")}
        assert names_of(Identity.objects.get(value="u2").contact) == {("user", "u2")}
        assert faults() == {}

    def test_a_hostile_source_cannot_fill_the_dictionary(self, post, monkeypatch):
        monkeypatch.setattr(room, "MAX_UNDESCRIBED", 3)

        post("identify", {"userId": "u1", "traits": {f"key_{n}": n for n in range(1_000)}})
        post("identify", {"userId": "u1", "traits": {"one_more": 1, "key_0": 9}})

        assert Attribute.objects.count() == 3
        assert Contact.objects.get().attributes == {"key_0": 9, "key_1": 1, "key_2": 2}
        assert faults() == {Fault.TOO_MANY_TRAITS: 2}


ACME = {"userId": "u1", "groupId": "acme", "messageId": "g1"}


class TestGroup:
    def test_makes_the_company_and_puts_the_person_into_it(self, post):
        told = {"name": "Acme Ltd", "website": "https://www.Acme.com/about", "employees": 80, "seats": "many"}
        AttributeFactory(applies_to="company", key="employees", type="number")

        response = post("group", ACME | {"traits": told})

        company = Company.objects.get()
        assert response.status_code == 200
        assert (company.name, company.domain) == ("Acme Ltd", "acme.com")
        assert company.attributes == {"employees": 80, "seats": "many"}
        assert company.identities.get().value == "acme"
        member = CompanyMember.objects.get()
        assert (member.contact, member.company, member.source) == (Contact.objects.get(), company, "Web shop")
        assert Event.objects.get().properties["group_id"] == "acme"
        assert Attribute.of_companies.get(key="seats").is_defined is False
        assert not Attribute.objects.exists()
        assert faults() == {}

    def test_updates_it_and_takes_in_who_comes_later(self, post):
        post("group", ACME | {"traits": {"name": "Acme", "plan": "free"}})

        post("group", ACME | {"userId": "u2", "messageId": "g2", "traits": {"plan": "pro"}})

        company = Company.objects.get()
        assert (company.name, company.attributes) == ("Acme", {"plan": "pro"})
        assert company.members.count() == 2

    def test_told_again_changes_nothing(self, post):
        post("group", ACME | {"traits": {"name": "Acme"}})
        CompanyMember.objects.update(role="champion")
        before = list(Company.objects.values()) + list(CompanyMember.objects.values())

        post("group", ACME | {"traits": {"name": "Another"}})
        post("group", ACME | {"messageId": "g2", "traits": {"name": "Acme"}})

        assert list(Company.objects.values()) + list(CompanyMember.objects.values()) == before

    def test_a_company_that_was_there_by_its_domain_becomes_the_group(self, post):
        company = CompanyFactory(name="Acme", domain="acme.com")

        post("group", ACME | {"traits": {"domain": "acme.com", "plan": "pro"}})

        company.refresh_from_db()
        assert company.attributes == {"plan": "pro"}
        assert company.identities.get().value == "acme"

    def test_a_domain_of_another_group_stays_its_own(self, post):
        post("group", ACME | {"traits": {"domain": "acme.com"}})

        post("group", {"userId": "u2", "groupId": "other", "traits": {"domain": "acme.com", "plan": "pro"}})

        assert set(Company.objects.values_list("name", "domain")) == {("acme", "acme.com"), ("other", "")}
        assert faults() == {Fault.OTHER_COMPANY: 1}

    def test_what_does_not_fit_is_left_out_and_the_rest_kept(self, post):
        AttributeFactory(applies_to="company", key="employees", type="number")
        traits = {"employees": "many", "name": "x" * 300, "domain": "no domain", "plan": "pro"}

        post("group", ACME | {"traits": traits})

        company = Company.objects.get()
        assert (company.name, company.domain, company.attributes) == ("acme", "", {"plan": "pro"})
        assert faults() == {Fault.BAD_TRAIT: 1, Fault.BAD_NAME: 1}

    @pytest.mark.parametrize("group", [None, "", "x" * 300])
    def test_without_an_id_that_can_name_one_it_is_only_an_event(self, post, group):
        response = post("group", {"userId": "u1", "groupId": group, "traits": {"plan": "pro"}})

        assert response.status_code == 200
        assert Event.objects.get().name == "group_joined"
        assert not Company.objects.exists()
        assert Fault.BAD_NAME in faults()

    def test_one_batch_of_two_people_makes_one_company(self, post):
        batch = [ACME | {"type": "group", "userId": f"u{n}", "messageId": f"m{n}"} for n in range(3)]

        post("batch", {"batch": batch})

        assert Company.objects.get().members.count() == 3
        assert CompanyIdentity.objects.count() == 1


class TestAlias:
    def test_a_visitor_becomes_the_user(self, post):
        post("page", {"anonymousId": "a1"})

        post("alias", {"previousId": "a1", "userId": "u1"})

        assert names_of(Contact.objects.get()) == {("anonymous", "a1"), ("user", "u1")}

    def test_a_user_gets_a_second_id(self, post):
        post("identify", {"userId": "old"})

        post("alias", {"previousId": "old", "userId": "new"})

        assert names_of(Contact.objects.get()) == {("user", "old"), ("user", "new")}

    def test_two_known_users_are_never_joined(self, post):
        post("identify", {"userId": "u1"})
        post("identify", {"userId": "u2"})

        response = post("alias", {"previousId": "u1", "userId": "u2"}, strict=True)

        assert response.status_code == 400
        assert response.json()["faults"][0]["code"] == Fault.OTHER_PERSON
        assert Contact.objects.count() == 2


class TestBatch:
    def test_keeps_messages_of_all_kinds_in_their_order(self, post):
        batch = [
            {"type": "page", "anonymousId": "a1", "messageId": "1"},
            {
                "type": "identify",
                "anonymousId": "a1",
                "userId": "u1",
                "messageId": "2",
                "traits": {"city": "Bern"},
            },
            {"type": "identify", "userId": "u1", "messageId": "3", "traits": {"city": "Basel"}},
            ORDER | {"type": "track", "messageId": "4"},
        ]

        response = post("batch", {"batch": batch, "sentAt": clock.now().isoformat()})

        ann = Contact.objects.get()
        assert response.json() == {"success": True}
        assert ann.attributes == {"city": "Basel"}
        assert set(ann.events.values_list("name", flat=True)) == {"page_viewed", "order_completed"}
        calls = {row.call: row.count for row in Tally.objects.filter(outcome="recorded")}
        assert calls == {"page": 1, "identify": 2, "track": 1}

    def test_a_bad_message_does_not_hold_up_the_others(self, post):
        batch = [7, {"type": "dance"}, {"type": "track", "userId": "u1"}, ORDER | {"type": "track"}]

        response = post("batch", {"batch": batch})

        assert response.json() == {"success": False, "ignored": 3}
        assert Event.objects.get().name == "order_completed"
        assert faults() == {Fault.NO_MESSAGE: 2, Fault.NO_EVENT: 1}

    def test_a_message_of_a_batch_may_be_as_large_as_one_alone(self, post):
        batch = [ORDER | {"type": "track", "properties": {"text": "x" * 33_000}}, ORDER | {"type": "track"}]

        response = post("batch", {"batch": batch})

        assert response.json() == {"success": False, "ignored": 1}
        assert Event.objects.get().properties == {"total": 59.9}

    def test_the_same_events_cost_the_same_number_of_queries(self, post, django_assert_num_queries):
        batch = [ORDER | {"type": "track", "messageId": str(n), "userId": f"u{n}"} for n in range(100)]
        post("batch", {"batch": batch})
        again = [message | {"messageId": f"again-{number}"} for number, message in enumerate(batch)]

        with django_assert_num_queries(7):
            post("batch", {"batch": again})


class TestWriteKey:
    def test_may_stand_in_the_body(self, post):
        assert post("track", ORDER | {"writeKey": KEY}, auth="").json() == {"success": True}

    @pytest.mark.parametrize(
        "auth", ["", "Basic !!", "Basic " + base64.b64encode(b"other:").decode(), "Bearer x"]
    )
    def test_a_wrong_one_keeps_nothing(self, post, auth):
        ignored, refused = post("track", ORDER, auth=auth), post("track", ORDER, auth=auth, strict=True)

        assert (ignored.status_code, ignored.json()["success"]) == (200, False)
        assert (refused.status_code, refused.json()["code"]) == (401, "unauthorized")
        assert not Event.objects.exists()

    def test_a_revoked_one_keeps_nothing(self, post, shop):
        Source.objects.filter(pk=shop.pk).update(revoked_at=clock.now())

        assert post("track", ORDER, strict=True).status_code == 401
        assert not Event.objects.exists()

    def test_is_kept_as_a_digest_only(self, shop):
        assert shop.digest == tokens.digest(KEY)
        assert KEY not in str(vars(shop))


DEEP = b'{"userId":"u1","event":"e","properties":{"a":' + b"[" * 900 + b"]" * 900 + b"}}"
ABYSS = b'{"userId":"u1","event":"e","properties":{"a":' + b"[" * 15_000 + b"]" * 15_000 + b"}}"
BODIES = {
    "nothing": b"",
    "half": b'{"userId": "u1", ',
    "a list": b"[1]",
    "a text": b'"x"',
    "a number": b"1",
    "not UTF-8": b'{"userId": "\xff"}',
    "too large": json.dumps(ORDER | {"properties": {"a": "x" * 33_000}}).encode(),
    "an abyss": ABYSS,
    "a huge number": b'{"userId": "u1", "event": "e", "properties": {"n": ' + b"9" * 5_000 + b"}}",
}


class TestBadBodies:
    @pytest.mark.parametrize("strict", [False, True])
    @pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in BODIES.items()])
    def test_what_is_no_json_object_is_refused(self, post, body, strict):
        response = post("track", body, strict=strict)

        assert (
            response.status_code in {200, 400}
            if body == BODIES["a huge number"]
            else response.status_code == 400
        )
        assert response.json()["success"] is False
        assert not Event.objects.exists()

    @pytest.mark.parametrize("told", [{"batch": 7}, {}, {"batch": [ORDER] * 2_501}])
    def test_a_batch_that_is_none_is_refused(self, post, told):
        assert post("batch", told).status_code == 400

    FAULTY = [
        ({"userId": ["u1"]}, Fault.NO_PERSON),
        ({"userId": ""}, Fault.NO_PERSON),
        ({"userId": "x" * 300}, Fault.NO_PERSON),
        ({"event": None}, Fault.NO_EVENT),
        ({"event": {"a": 1}}, Fault.NO_EVENT),
        ({"event": "x" * 200}, Fault.UNFIT),
    ]

    @pytest.mark.parametrize(("told", "fault"), FAULTY)
    def test_a_message_that_cannot_be_kept_is_ignored_and_refused_to_a_strict_sender(self, post, told, fault):
        ignored, refused = post("track", ORDER | told), post("track", ORDER | told, strict=True)

        assert (ignored.status_code, ignored.json()) == (200, {"success": False, "ignored": 1})
        assert refused.status_code == 400
        assert fault in {found["code"] for found in refused.json()["faults"]}
        assert not Event.objects.exists()
        assert faults()[fault] == 1  # the strict one was told, and nothing of it stays

    MENDED = [
        ({"userId": 7}, Fault.WRONG_TYPE),
        ({"properties": [1]}, Fault.WRONG_TYPE),
        ({"messageId": {"a": 1}}, Fault.WRONG_TYPE),
        ({"properties": {"a": "x\0y"}}, Fault.BAD_TEXT),
        ({"properties": {"a": "half \ud83d"}}, Fault.BAD_TEXT),
        ({"properties": {"a": float("nan")}}, Fault.BAD_TEXT),
        ({"userId": "u\0"}, Fault.BAD_TEXT),
    ]

    @pytest.mark.parametrize(("told", "fault"), MENDED)
    def test_what_can_be_mended_is_kept_and_refused_to_a_strict_sender(self, post, told, fault):
        refused, kept = post("track", ORDER | told, strict=True), post("track", ORDER | told)

        assert refused.status_code == 400
        assert fault in {found["code"] for found in refused.json()["faults"]}
        assert kept.json() == {"success": True}
        assert Event.objects.count() == 1
        assert faults() == {fault: 1}

    def test_deep_nesting_is_ignored(self, post):
        assert post("track", DEEP).json() == {"success": False, "ignored": 1}
        assert post("track", DEEP, strict=True).status_code == 400
        assert not Event.objects.exists()

    def test_a_hundred_thousand_names_of_properties_do_no_harm(self, post):
        for start in range(0, 100_000, 20_000):
            batch = [
                {
                    "type": "track",
                    "userId": "u1",
                    "event": "e",
                    "properties": {f"p{n}": 1 for n in range(at, at + 1_000)},
                }
                for at in range(start, start + 20_000, 1_000)
            ]
            assert post("batch", {"batch": batch}).json() == {"success": True}

        assert Event.objects.count() == 100
        assert len(EventType.objects.get().properties) == 200

    def test_a_batch_may_come_gzipped_and_no_larger_for_it(self, post):
        batch = json.dumps({"batch": [ORDER | {"type": "track"}]}).encode()
        bomb = gzip.compress(b"[" * 50_000_000)

        kept = post("batch", gzip.compress(batch), **{"content-encoding": "gzip"})
        refused = post("batch", bomb, **{"content-encoding": "gzip"})

        assert kept.json() == {"success": True}
        assert (refused.status_code, refused.json()["code"]) == (400, "too_large")


class TestBrowsers:
    def test_any_site_may_ask_and_send(self, post):
        asked = Client().options("/v1/track", headers={"origin": "https://shop.example"})
        sent = post("track", ORDER)

        assert asked.status_code == 204
        assert asked.headers["Access-Control-Allow-Headers"] == "Authorization, Content-Type, X-Strict-Mode"
        assert (
            asked.headers["Access-Control-Allow-Origin"] == sent.headers["Access-Control-Allow-Origin"] == "*"
        )

    def test_no_cookie_is_set(self, post):
        assert post("track", ORDER).cookies == {}


class TestLimit:
    def test_a_source_that_has_run_wild_is_told_to_wait(self, post, settings, monkeypatch):
        settings.INGEST_MESSAGES_PER_SECOND = 3
        monkeypatch.setattr(limits.time, "monotonic", lambda: 5.5)

        answers = [post("track", ORDER | {"messageId": str(n)}) for n in range(4)]

        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[-1].headers["Retry-After"] == "1"
        assert Event.objects.count() == 3
