from datetime import timedelta
from itertools import count

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from apps.collaboration.models import AuditEvent
from apps.contacts import eventfields, schemas, selectors, services
from apps.contacts.eventfields import Field, FieldType, Reason
from apps.contacts.models import (
    Event,
    EventSample,
    EventSchema,
    EventTally,
    EventType,
    EventViolation,
    HeldEvent,
)
from apps.contacts.services import EventIn
from tests.factories.contacts import EventTypeFactory

ANN = ("email", "ann@example.com")
TOTAL = Field("total", FieldType.NUMBER, is_required=True)
WARN, QUARANTINE, OFF = EventSchema.Mode.WARN, EventSchema.Mode.QUARANTINE, EventSchema.Mode.OFF


@pytest.fixture
def order():
    return EventTypeFactory(name="Order")


@pytest.fixture
def send(noon):
    """Return a function that sends orders with these properties, and gives how each ended."""
    serial = count()

    def act(*properties, now=noon, **more):
        events = [
            EventIn(
                name="Order",
                occurred_at=more.get("occurred_at", now),
                identity=ANN,
                message_id=more.get("message_id", f"m{next(serial)}"),
                properties=told,
            )
            for told in properties
        ]
        return [one.outcome for one in services.events_record(events=events, source="shop", now=now)]

    return act


@pytest.fixture
def enforce(order, noon):
    """Return a function that puts a schema of orders into force, and gives their name."""

    def act(mode=QUARANTINE, fields=(TOTAL,), **more):
        services.event_schema_change(
            event_type=order, mode=mode, fields=fields, **{"by": None, "now": noon, **more}
        )
        return order

    return act


class TestUnfit:
    @pytest.mark.parametrize(
        ("kind", "fitting", "other"),
        [
            ("text", ["", "x"], [1, True, [], {}]),
            ("number", [1, 1.5, 0], ["1", True, []]),
            ("integer", [1, 2.0], [1.5, "1", False]),
            ("boolean", [True, False], [0, "true"]),
            ("date", ["2026-02-28"], ["2026-02-30", "28.2.2026", "2026-02-28T10:00", 20260228]),
            ("datetime", ["2026-02-28T10:00:00Z", "2026-02-28 10:00"], ["2026-02-28", "2026-02-28Tten", 1]),
            ("list", [[]], [{}, "[]"]),
            ("object", [{}], [[], "{}"]),
            ("any", ["x", 1, [], {}, False], []),
        ],
    )
    def test_a_value_fits_its_type_or_does_not(self, kind, fitting, other):
        asked = eventfields.checks([Field("a", FieldType(kind))])

        assert [eventfields.unfit(asked, {"a": value}) for value in fitting] == [()] * len(fitting)
        for value in other:
            assert [one.reason for one in eventfields.unfit(asked, {"a": value})] == [Reason.WRONG_TYPE]

    def test_a_null_is_missing_and_other_fields_may_come_along(self):
        asked = eventfields.checks([TOTAL, Field("note", FieldType.TEXT)])

        assert eventfields.unfit(asked, {"total": None, "note": None, "more": 1}) == (
            eventfields.Unfit("total", Reason.MISSING),
        )


@pytest.mark.django_db
class TestEventSchemaChange:
    def test_keeps_versions_and_is_audited(self, enforce, order, lead, noon):
        enforce(WARN, by=lead)
        enforce(QUARANTINE, [TOTAL, Field("sku", FieldType.TEXT)], by=lead)

        schema = order.schema
        told = [(one.number, one.mode, len(one.fields), one.by) for one in schema.versions.all()]
        assert (schema.version, schema.mode) == (2, "quarantine")
        assert schema.fields[0] == {"name": "total", "type": "number", "required": True}
        assert told == [(2, "quarantine", 2, lead), (1, "warn", 1, lead)]
        audited = AuditEvent.objects.filter(action="eventschema.changed").order_by("pk")
        assert [one.details for one in audited] == [
            {"version": 1, "mode": "warn"},
            {"version": 2, "mode": "quarantine"},
        ]

    def test_the_same_again_is_no_new_version(self, enforce, order):
        enforce(WARN)
        enforce(WARN)

        assert order.schema.versions.get().number == 1

    @pytest.mark.parametrize(
        ("mode", "fields"),
        [
            (WARN, []),
            (OFF, [TOTAL, TOTAL]),
            (OFF, [Field("", FieldType.TEXT)]),
            (OFF, [Field("x" * 256, FieldType.TEXT)]),
            (OFF, [Field("a\0", FieldType.TEXT)]),
            (OFF, [Field(f"f{n}", FieldType.TEXT) for n in range(201)]),
            ("sometimes", [TOTAL]),
        ],
    )
    def test_what_cannot_be_a_schema_is_refused_and_nothing_changes(self, enforce, mode, fields):
        with pytest.raises(ValidationError), transaction.atomic():
            enforce(mode, fields)

        assert not EventSchema.objects.exists()
        assert not AuditEvent.objects.exists()

    def test_somebody_elses_newer_version_is_not_overwritten(self, enforce, order):
        enforce(WARN)

        with pytest.raises(services.SchemaChanged, match="version 1"), transaction.atomic():
            enforce(QUARANTINE, version=0)

        assert order.schema.mode == WARN

    def test_another_process_hears_of_it_in_time(self, enforce, send, settings, monkeypatch):
        enforce(QUARANTINE)
        monkeypatch.setattr(schemas, "_known", schemas._Known(asked_at=0.0))  # another one's
        settings.EVENT_SCHEMAS_FRESH_SECONDS = 0

        assert send({}) == ["quarantined"]


@pytest.mark.django_db
class TestEventTypeDescribe:
    def test_says_what_it_means_and_is_audited_once(self, order, lead, noon):
        told = {"label": "Order", "description": "Paid.", "owner": lead}
        for _again in range(2):
            services.event_type_describe(event_type=order, **told, by=lead, now=noon)

        assert (order.schema.label, order.schema.owner, order.schema.version) == ("Order", lead, 0)
        assert AuditEvent.objects.get().details == {"fields": ["description", "label", "owner"]}


@pytest.mark.django_db
class TestEnforcement:
    def test_without_a_schema_no_event_is_looked_at(self, send, order):
        assert send({}, {"total": "x"}) == ["recorded", "recorded"]
        assert not EventViolation.objects.exists()

    def test_warned_of_events_are_kept_and_counted_and_a_few_can_be_looked_at(self, enforce, send, noon):
        order = enforce(WARN)

        ended = send({"total": "59,90"}, {"total": 1}, {}, {"total": None})

        assert ended == ["recorded"] * 4
        assert Event.objects.count() == 4
        lines = selectors.event_violations(order, now=noon)
        assert [(one.field, one.reason, one.today, one.week) for one in lines] == [
            ("total", "missing", 2, 2),
            ("total", "wrong_type", 1, 1),
        ]
        samples = selectors.event_samples(order, now=noon)
        assert {(one.reason, str(one.properties)) for one in samples} == {
            ("missing", "{}"),
            ("wrong_type", "{'total': '59,90'}"),
        }

    def test_samples_stay_few(self, enforce, send):
        enforce(WARN)

        for _call in range(8):
            send({})

        assert EventSample.objects.count() == EventSample.PER_DAY
        assert sum(EventViolation.objects.values_list("count", flat=True)) == 8

    def test_quarantined_events_are_no_events_and_the_others_are(self, enforce, send, order):
        enforce(QUARANTINE)
        was = EventType.objects.get()

        ended = send({"total": "x", "gift": True}, {"total": 2})

        held = HeldEvent.objects.get()
        assert ended == ["quarantined", "recorded"]
        assert Event.objects.get().properties == {"total": 2}
        assert (held.properties, held.source) == ({"total": "x", "gift": True}, "shop")
        assert held.faults == [["total", "wrong_type"]]
        assert EventType.objects.get().properties == {"total": "number"} != was.properties
        assert not EventSample.objects.exists()

    def test_a_repeat_of_one_in_quarantine_is_a_duplicate(self, enforce, send):
        enforce(QUARANTINE)

        ended = [send({}, message_id="m1"), send({"total": 1}, message_id="m1")]

        assert ended == [["quarantined"], ["duplicate"]]
        assert HeldEvent.objects.count() == 1
        assert sum(EventViolation.objects.values_list("count", flat=True)) == 1

    def test_no_more_is_asked_of_the_database_for_many_than_for_one(
        self, enforce, send, django_assert_max_num_queries
    ):
        enforce(QUARANTINE)
        send({})

        with django_assert_max_num_queries(12):
            send(*[{} for _n in range(50)], *[{"total": 1} for _n in range(50)])

        assert HeldEvent.objects.count() == 51


@pytest.mark.django_db
class TestQuarantine:
    def test_released_events_come_in_order_at_their_own_time_and_count_once(self, enforce, send, lead, noon):
        order = enforce(QUARANTINE)
        before, later = noon - timedelta(days=40), noon + timedelta(hours=1)
        send({"n": 1}, occurred_at=before)
        send({"n": 2})

        released = [services.held_release(event_type=order, by=lead, now=later) for _again in range(2)]

        events = list(Event.objects.order_by("pk"))
        assert released == [2, 0]
        assert [(one.properties["n"], one.occurred_at, one.received_at) for one in events] == [
            (1, before, later),
            (2, noon, later),
        ]
        assert {(one.name, one.source, one.contact.email) for one in events} == {
            ("Order", "shop", "ann@example.com")
        }
        assert not HeldEvent.objects.exists()
        assert AuditEvent.objects.get(action="eventtype.released").details == {"events": 2}

    def test_some_are_released_and_the_others_wait(self, enforce, send, noon):
        order = enforce(QUARANTINE)
        send({"n": 1}, {"n": 2}, {"n": 3})
        second = HeldEvent.objects.order_by("pk")[1]

        assert services.held_release(event_type=order, by=None, now=noon, ids=[second.pk, 10**12]) == 1

        assert Event.objects.get().properties == {"n": 2}
        assert HeldEvent.objects.count() == 2

    def test_those_of_another_name_are_left_alone(self, enforce, send, noon):
        enforce(QUARANTINE)
        send({})
        other = EventTypeFactory()

        assert services.held_discard(event_type=other, by=None, now=noon) == 0
        assert HeldEvent.objects.count() == 1

    def test_discarded_events_are_gone_and_their_repeat_is_no_news(self, enforce, send, lead, noon):
        order = enforce(QUARANTINE)
        send({}, message_id="m1")

        assert services.held_discard(event_type=order, by=lead, now=noon) == 1

        assert send({"total": 1}, message_id="m1") == ["duplicate"]
        assert not HeldEvent.objects.exists()
        assert not Event.objects.exists()
        assert AuditEvent.objects.get(action="eventtype.discarded").by == lead

    def test_what_is_old_is_cleared_and_nothing_else(self, enforce, send, noon):
        enforce(QUARANTINE)
        send({"n": 1})
        send({"n": 2}, now=noon + timedelta(days=1))
        enforce(WARN)
        send({"n": 3})

        services.event_traces_forget(now=noon + HeldEvent.KEPT_FOR + timedelta(hours=1))

        assert HeldEvent.objects.get().properties == {"n": 2}
        assert not EventSample.objects.exists()
        assert sum(EventViolation.objects.values_list("count", flat=True)) == 3


@pytest.mark.django_db
class TestEventsTally:
    def told(self):
        return [
            (one.at.isoformat()[11:16], one.source, one.count, one.late, one.ahead)
            for one in EventTally.objects.order_by("at")
        ]

    def test_counts_what_arrived_by_source_and_what_came_late_or_ahead(self, send, order, noon):
        send({"n": 1}, {"n": 2})
        send({}, now=noon + timedelta(minutes=7), occurred_at=noon - timedelta(days=2))
        send({}, now=noon + timedelta(minutes=7), occurred_at=noon + timedelta(hours=3))

        for _again in range(2):
            services.events_tally(now=noon + timedelta(minutes=8))

        assert self.told() == [("12:00", "shop", 2, 0, 0), ("12:05", "shop", 2, 1, 1)]
        arrived = selectors.event_arrived_by_source("Order", now=noon + timedelta(minutes=62))
        assert arrived["shop"] == selectors.Arrived(hour=2, day=4, week=4, late=1, ahead=1)

    def test_goes_on_over_hours_without_events(self, send, order, noon):
        send({})
        services.events_tally(now=noon)
        send({}, now=noon + timedelta(hours=30))

        services.events_tally(now=noon + timedelta(hours=31))

        assert self.told() == [("12:00", "shop", 1, 0, 0), ("18:00", "shop", 1, 0, 0)]


@pytest.mark.django_db
class TestEventFieldsSeen:
    def test_tells_types_and_shares_and_proposes_a_schema(self, send, order):
        send({"total": 1, "day": "2026-01-01", "note": "x"}, {"total": 1.5, "day": "2026-01-02"})
        send({"total": 2, "day": "2026-01-03", "note": 7, "empty": None})

        seen = {one.name: one for one in selectors.event_fields_seen("Order")}

        assert {name: (one.labels, one.count, one.of) for name, one in seen.items()} == {
            "day": (["Date"], 3, 3),
            "total": (["Number"], 3, 3),
            "note": (["Number", "Text"], 2, 3),
        }
        fields, version = selectors.event_fields(order)
        assert version == 0
        assert set(fields) == {
            Field("day", FieldType.DATE, is_required=True),
            Field("total", FieldType.NUMBER, is_required=True),
            Field("note", FieldType.ANY),
        }


@pytest.mark.django_db
class TestEventTypeDelete:
    def test_takes_the_name_away_and_leaves_the_events(self, send, order, lead, noon):
        send({})

        services.event_type_delete(event_type=order, by=lead, now=noon)

        assert not EventType.objects.exists()
        assert Event.objects.get().name == "Order"
        assert AuditEvent.objects.get().details == {"name": "Order"}

    def test_while_it_is_checked_or_events_wait_it_stays(self, enforce, send, noon):
        order = enforce(QUARANTINE)
        send({})
        later = noon + timedelta(minutes=2)

        with pytest.raises(services.EventTypeRefused, match="being checked"):
            services.event_type_delete(event_type=order, by=None, now=later)
        enforce(OFF)
        with pytest.raises(services.EventTypeRefused, match="being checked"):
            services.event_type_delete(event_type=order, by=None, now=noon)
        with pytest.raises(services.EventTypeRefused, match="quarantine"):
            services.event_type_delete(event_type=order, by=None, now=later)

        assert EventType.objects.get() == order
