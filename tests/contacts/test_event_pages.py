import json
from datetime import timedelta

import pytest

from apps.accounts.models import User
from apps.contacts import services
from apps.contacts.eventfields import Field, FieldType
from apps.contacts.models import Event, EventSchema, EventType, HeldEvent
from apps.contacts.selectors import history
from apps.contacts.services import EventIn
from apps.core import clock, parsers
from tests.factories.accounts import UserFactory
from tests.factories.campaigns import CampaignFactory
from tests.factories.contacts import EventTypeFactory
from tests.factories.segments import SegmentFactory

pytestmark = pytest.mark.django_db
TOTAL = Field("total", FieldType.NUMBER, is_required=True)
QUARANTINE, WARN, OFF = EventSchema.Mode.QUARANTINE, EventSchema.Mode.WARN, EventSchema.Mode.OFF
LIST = "/events/names/"


@pytest.fixture
def data_lead():
    return UserFactory(role=User.Role.DATA_LEAD)


@pytest.fixture
def marketer():
    return UserFactory(role=User.Role.MARKETER)


@pytest.fixture
def order():
    return EventTypeFactory(name="Order")


@pytest.fixture
def held(order):
    """Two orders in quarantine, `n` of 1 and 2."""
    now = clock.now()
    services.event_schema_change(event_type=order, mode=QUARANTINE, fields=[TOTAL], by=None, now=now)
    services.events_record(
        events=[
            EventIn("Order", now, identity=("email", "ann@example.com"), properties={"n": n}) for n in (1, 2)
        ],
        source="shop",
        now=now,
    )
    return list(HeldEvent.objects.order_by("pk"))


def rows(*fields, mode="warn", version=0):
    told = {
        f"fields-{place}-{key}": value for place, field in enumerate(fields) for key, value in field.items()
    }
    counts = {"fields-TOTAL_FORMS": len(fields), "fields-INITIAL_FORMS": 0}
    return {"mode": mode, "version": version, **counts, **told}


class TestList:
    def test_is_a_page_and_a_fragment(self, login, marketer, order):
        client = login(marketer)

        page, fragment = client.get(LIST), client.get(LIST, headers={"hx-request": "true"})

        assert b"<html" in page.content
        assert b"<html" not in fragment.content
        assert b"Order" in fragment.content

    def test_filters_tell_names_apart(self, login, marketer, held):
        now = clock.now()
        quiet = EventTypeFactory(name="Quiet", last_seen_at=now - timedelta(days=8))
        services.event_type_describe(event_type=quiet, label="A quiet one", by=None, now=now)

        def found(**asked):
            return [one.name for one in login(marketer).get(LIST, asked).context["listing"].rows]

        assert found(state="quarantine") == found(state="violations") == found(state="checked") == ["Order"]
        assert found(state="undescribed") == ["Order"]
        assert found(silent="7") == found(q="a quiet") == ["Quiet"]
        assert found(silent="30") == []

    def test_costs_the_same_number_of_queries_with_twenty_names(
        self, login, marketer, order, django_assert_max_num_queries
    ):
        EventTypeFactory.create_batch(20)
        client = login(marketer)

        with django_assert_max_num_queries(16):
            client.get(LIST)


class TestLatest:
    """The live page: in the order of arrival."""

    @pytest.fixture
    def arrived(self, noon):
        """Return when each of four events arrived, by the name that says how."""
        happened = {"old": timedelta(days=-40), "due": timedelta(), "early": timedelta(hours=2)}
        for minute, (name, span) in enumerate(happened.items()):
            now = noon + timedelta(minutes=minute)
            told = EventIn(name, now + span, identity=("email", "ann@example.com"), message_id=name)
            services.events_record(events=[told], source="shop", now=now)
        now = noon + timedelta(minutes=3)
        told = EventIn("late", now - timedelta(days=2), identity=("email", "ann@example.com"), message_id="l")
        services.events_record(events=[told], source="shop", now=now)

    def names(self, client, **asked):
        return [event.name for event in client.get("/events/", asked).context["listing"].rows]

    def test_has_on_top_what_arrived_last_however_long_ago_it_happened(self, login, marketer, arrived):
        client = login(marketer)

        assert self.names(client) == ["late", "early", "due", "old"]
        assert self.names(client, sort="-occurred_at") == ["early", "due", "late", "old"]
        assert self.names(client, sort="received_at") == ["old", "due", "early", "late"]

    def test_says_which_came_late_or_lie_ahead_and_of_which_one_time_is_enough(
        self, login, marketer, arrived
    ):
        page = login(marketer).get("/events/").content.decode()

        told = [page.count(text) for text in (">Late<", ">Ahead of our clock<", ">at once<")]
        assert told == [2, 1, 1]

    def test_is_live_only_where_the_latest_stand_on_top(self, login, marketer, arrived):
        client = login(marketer)

        assert b"every 5s" in client.get("/events/").content
        assert b"every 5s" not in client.get("/events/", {"sort": "received_at"}).content

    def test_costs_the_same_number_of_queries_for_any_number_of_events(
        self, login, marketer, arrived, noon, django_assert_max_num_queries
    ):
        told = [EventIn(f"n{n}", noon, identity=("email", f"p{n}@example.com")) for n in range(30)]
        services.events_record(events=told, source="shop", now=noon)
        client = login(marketer)

        with django_assert_max_num_queries(14):
            client.get("/events/")

    def test_is_to_be_had_over_rest_too(self, api, marketer, arrived, noon):
        client = api(marketer, "events:read")

        def names(**asked):
            return [one["event"] for one in client.get("/api/v1/events/", asked).json()["results"]]

        assert names(ordering="-received_at") == ["late", "early", "due", "old"]
        since = (noon + timedelta(minutes=2)).isoformat()
        assert names(ordering="received_at", received_after=since) == ["early", "late"]
        assert names(ordering="received_at", received_before=since) == ["old", "due"]

    def test_is_not_to_be_had_over_rest_where_no_index_serves_it(self, api, marketer, noon):
        client = api(marketer, "events:read")

        def refused(**asked):
            answer = client.get("/api/v1/events/", asked)
            assert answer.status_code == 400
            return [one["field"] for one in answer.json()["errors"]]

        assert refused(ordering="-received_at", event="late") == ["event"]
        assert refused(received_after=noon.isoformat()) == ["received_after"]

    def test_of_one_name_looks_at_so_many_that_arrived_last(self, login, marketer, arrived, monkeypatch):
        monkeypatch.setattr(history, "LOOKED_AT", 2)
        client = login(marketer)

        assert self.names(client, name="late") == ["late"]
        assert self.names(client, name="old") == []
        assert self.names(client, name="old", sort="-occurred_at") == ["old"]
        assert b"sort=-occurred_at" in client.get("/events/", {"name": "old"}).content


class TestDetail:
    def test_shows_what_is_asked_what_is_seen_and_what_did_not_fit(self, login, marketer, order):
        now = clock.now()
        services.event_schema_change(
            event_type=order, mode=WARN, fields=[TOTAL, Field("sku", FieldType.TEXT)], by=None, now=now
        )
        ann = ("email", "ann@example.com")
        services.events_record(
            events=[EventIn("Order", now, identity=ann, properties={"total": "much"})], source="shop", now=now
        )
        services.events_tally(now=now)

        page = login(marketer).get(f"{LIST}{order.pk}/")

        assert page.context["by_source"]["shop"].hour == 1
        assert list(page.context["unseen"]) == ["sku"]
        assert b"It has another type" in page.content
        assert b"total: much" in page.content

    def test_names_what_uses_it_but_not_what_the_reader_may_not_know(self, login, marketer, order):
        SegmentFactory(name="Buyers", rule={"event": "Order", "did": True})
        CampaignFactory(name="Spring", goal_event="Order")

        shown = login(marketer).get(f"{LIST}{order.pk}/").context["places"]
        hidden = services.event_type_places(event_type=order, user=None)

        assert [(str(one.kind), one.label) for one in shown] == [
            ("Segment", "Buyers"),
            ("Campaign", "Spring"),
        ]
        assert [one.label for one in hidden] == ["Buyers", "A campaign of others"]

    def test_what_is_used_is_not_taken_away(self, login, data_lead, order):
        SegmentFactory(name="Buyers", rule={"event": "Order", "did": True})

        page = login(data_lead).post(f"{LIST}{order.pk}/delete/")

        assert "is used by Segment “Buyers”" in page.content.decode()
        assert EventType.objects.get() == order


class TestSchema:
    def test_is_offered_as_the_latest_events_are_and_saved(self, login, data_lead, order):
        now = clock.now()
        ann = ("email", "ann@example.com")
        services.events_record(
            events=[EventIn("Order", now, identity=ann, properties={"total": 2})], source="shop", now=now
        )
        client, url = login(data_lead), f"{LIST}{order.pk}/schema/"

        page = client.get(url)
        saved = client.post(
            url,
            rows(
                {"name": "total", "type": "number", "is_required": "on"},
                {"name": "sku", "type": "text"},
                {"name": "", "type": "text"},
            ),
        )

        assert page.context["rows"][0]["name"].value() == "total"
        assert saved.status_code == 302
        assert order.schema.fields == [TOTAL.as_data(), Field("sku", FieldType.TEXT).as_data()]

    def test_a_refusal_is_told_and_what_was_typed_stays(self, login, data_lead, order):
        twice = [{"name": "total", "type": "number"}] * 2

        page = login(data_lead).post(f"{LIST}{order.pk}/schema/", rows(*twice))

        assert "“total” is said twice." in page.content.decode()
        assert page.context["rows"][1]["name"].value() == "total"
        assert not EventSchema.objects.exists()

    def test_who_only_describes_cannot_change_it(self, login, marketer, order):
        answer = login(marketer).post(f"{LIST}{order.pk}/schema/", rows({"name": "a", "type": "text"}))

        assert answer.status_code == 403
        assert not EventSchema.objects.exists()


class TestQuarantine:
    def test_ticked_events_are_released_and_all_the_others_discarded(self, login, data_lead, order, held):
        client = login(data_lead)

        shown = client.get(f"{LIST}{order.pk}/quarantine/")
        client.post(f"{LIST}{order.pk}/release/", {"held": [held[1].pk, "x"]})
        client.post(f"{LIST}{order.pk}/discard/", {"all": "1"})

        assert b"It is missing" in shown.content
        assert Event.objects.get().properties == {"n": 2}
        assert not HeldEvent.objects.exists()

    def test_the_ticked_are_thrown_away_after_a_dialog_that_says_what_follows(
        self, login, data_lead, order, held
    ):
        page = login(data_lead).get(f"{LIST}{order.pk}/quarantine/").content.decode()

        before, dialog = page.split('<dialog class="dialog" id="held-discard-ticked"')
        act = f'<button type="submit" class="btn btn-danger" formaction="{LIST}{order.pk}/discard/">'
        assert act in dialog.split("</dialog>")[0]
        assert f'formaction="{LIST}{order.pk}/discard/"' not in before
        assert "They are gone for good" in dialog

    def test_nothing_ticked_is_nothing_done(self, login, data_lead, order, held):
        login(data_lead).post(f"{LIST}{order.pk}/discard/")

        assert HeldEvent.objects.count() == 2


class TestApi:
    URL = "/api/v1/event-types/"

    def test_describes_and_finds_a_name(self, api, data_lead, order):
        client = api(data_lead, "events:read", "events:write")

        told = client.patch(
            f"{self.URL}{order.pk}/", {"label": "Order", "owner": data_lead.pk}, format="json"
        ).json()

        assert (told["label"], told["owner"], told["mode"]) == ("Order", data_lead.pk, "off")
        assert client.get(self.URL, {"state": "undescribed"}).json()["results"] == []
        assert client.get(self.URL, {"silent_days": 1}).json()["results"] == []
        assert client.get(self.URL, {"state": "wrong"}).status_code == 400

    def test_puts_a_schema_into_force_and_keeps_its_versions(self, api, data_lead, order):
        client, url = api(data_lead, "events:read", "events:write"), f"{self.URL}{order.pk}/schema/"
        told = {"mode": "warn", "fields": [TOTAL.as_data()]}

        first = client.get(url).json()
        put = client.put(url, {**told, "version": 0}, format="json")
        late = client.put(url, {**told, "mode": "off", "version": 0}, format="json")
        bad = client.put(url, {"mode": "warn", "fields": [{"name": "a", "type": "money"}]}, format="json")

        assert first == {"version": 0, "mode": "off", "fields": []}
        assert put.json() == {"version": 1, **told}
        assert (late.status_code, bad.status_code) == (409, 400)
        versions = client.get(f"{url}versions/").json()["results"]
        assert [(one["number"], one["mode"]) for one in versions] == [(1, "warn")]

    def test_tells_what_did_not_fit_and_settles_quarantine(self, api, data_lead, order, held):
        client, url = api(data_lead, "events:read", "events:write"), f"{self.URL}{order.pk}/"

        counts = client.get(f"{url}violations/").json()["counts"]
        listed = client.get(f"{url}quarantine/").json()["results"]
        neither = client.post(f"{url}quarantine/release/", {}, format="json")
        released = client.post(f"{url}quarantine/release/", {"ids": [held[0].pk]}, format="json")
        discarded = client.post(f"{url}quarantine/discard/", {"all": True}, format="json")

        assert [(one["field"], one["reason"], one["count"]) for one in counts] == [("total", "missing", 2)]
        assert [(one["id"], one["faults"]) for one in listed] == [
            (one.pk, [["total", "missing"]]) for one in held
        ]
        assert neither.status_code == 400
        assert released.json() == {"settled": 1, "waiting": 1}
        assert discarded.json() == {"settled": 1, "waiting": 0}
        assert Event.objects.get().properties == {"n": 1}

    def test_an_event_that_is_kept_apart_says_so(self, api, data_lead, order, held):
        sent = [{"event": "Order", "identity": "email:ann@example.com", "message_id": "m9"}]

        told = api(data_lead, "events:write").post("/api/v1/events/", sent, format="json").json()

        assert (told["recorded"], told["quarantined"]) == (0, 1)
        assert told["results"][0]["status"] == "quarantined"


HOSTILE = {
    "malformed": b'[{"event": "e", ',
    "not UTF-8": b'[{"event": "\xff"}]',
    "an abyss": b"[" * 100_000,
    "a deep property": b'[{"event":"e","identity":"crm:1","message_id":"m","properties":{"a":'
    + b"[" * 5_000
    + b"]" * 5_000
    + b"}}]",
    "NaN": b'[{"event":"e","identity":"crm:1","message_id":"m","properties":{"a":NaN}}]',
    "a list too long": b"[" + b",".join([b"{}"] * 1_001) + b"]",
    "wrong types": b'[{"event":["e"],"identity":{"a":1},"message_id":"m"}]',
    "no objects": b'[1,"x",null]',
}


class TestHostileBodies:
    """Of the REST bulk; those of `/v1/…` are in tests/integrations/test_ingest.py."""

    @pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in HOSTILE.items()])
    def test_is_refused_and_nothing_is_kept(self, api, data_lead, body):
        client = api(data_lead, "events:write")

        answer = client.post("/api/v1/events/", body, content_type="application/json")

        assert answer.status_code == 400
        assert not Event.objects.exists()

    def test_a_body_beyond_the_limit_is_not_read(self, api, data_lead, monkeypatch):
        monkeypatch.setattr(parsers, "MAX_BODY", 50)
        body = b'[{"event": "order", "identity": "crm:1", "message_id": "m1"}]'

        answer = api(data_lead, "events:write").post("/api/v1/events/", body, content_type="application/json")

        assert answer.status_code == 413
        assert not Event.objects.exists()

    @pytest.mark.parametrize(
        "told",
        [
            {"properties": {"a": "x\0y"}},
            {"properties": {"a": "half \ud83d"}},
            {"properties": {"\ud83d": 1}},
            {"properties": {"a": "x" * 33_000}},
            {"event": "half \ud83d"},
            {"identity": "crm:half \ud83d"},
            {"identity": "email:nobody"},
            {"occurred_at": "9999-12-31T23:59:59Z"},
            {"occurred_at": "1999-12-31T23:59:59Z"},
        ],
    )
    def test_one_that_cannot_be_kept_holds_up_no_other(self, api, data_lead, told):
        good = {"event": "e", "identity": "crm:1", "message_id": "good"}
        bad = {"event": "e", "identity": "crm:2", "message_id": "bad", **told}

        body = json.dumps([bad, good]).encode()

        answer = api(data_lead, "events:write").post("/api/v1/events/", body, content_type="application/json")

        assert answer.status_code in {202, 400}
        if answer.status_code == 202:
            assert [one["status"] for one in answer.json()["results"]] == ["refused", "recorded"]
        assert Event.objects.count() == (answer.status_code == 202)
