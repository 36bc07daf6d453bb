import re
import threading
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from django.db import connection, connections

from apps.contacts import services
from apps.contacts.models import Contact, Event, EventType, Identity
from apps.contacts.services import EventIn, EventOutcome
from apps.core import partitions
from tests.factories.contacts import ContactFactory

ANN = ("email", "ann@example.com")


def outcomes(results):
    return [result.outcome for result in results]


@pytest.fixture
def event(noon):
    """Return a function that makes an event of Ann's at noon, each with a message id of its own."""
    serial = count()

    def make(**more):
        given = {"name": "Order", "occurred_at": noon, "identity": ANN, "message_id": f"m{next(serial)}"}
        return EventIn(**given | more)

    return make


@pytest.mark.django_db
class TestEventsRecord:
    def test_keeps_an_event_of_a_known_contact(self, event, noon):
        contact = ContactFactory(email="ann@example.com")

        results = services.events_record(events=[event(properties={"total": 9.5})], source="shop", now=noon)

        kept = Event.objects.get()
        assert outcomes(results) == [EventOutcome.RECORDED]
        assert results[0].contact_id == kept.contact_id == contact.pk
        assert (kept.name, kept.source, kept.properties) == ("Order", "shop", {"total": 9.5})
        assert kept.occurred_at == kept.received_at == noon

    def test_makes_a_contact_that_nobody_knows_once(self, event, noon):
        events = [event(identity=("email", "Ann@Example.com")), event(), event(identity=("crm", "7"))]

        services.events_record(events=events, source="shop", now=noon)

        assert set(Identity.objects.values_list("namespace", "value")) == {ANN, ("crm", "7")}
        assert set(Contact.objects.values_list("email", flat=True)) == {"ann@example.com", ""}
        assert Contact.objects.get(email="ann@example.com").events.count() == 2

    def test_takes_a_message_id_once_however_often_it_comes(self, event, noon):
        same = event(message_id="m1")

        first = services.events_record(events=[same, same], source="shop", now=noon)
        second = services.events_record(events=[same], source="shop", now=noon)

        assert outcomes(first) == [EventOutcome.RECORDED, EventOutcome.DUPLICATE]
        assert outcomes(second) == [EventOutcome.DUPLICATE]
        assert Event.objects.get().name == "Order"

    def test_without_message_id_what_is_equal_is_the_same_event(self, event, noon):
        events = [event(message_id=""), event(message_id=""), event(message_id="", name="Visit")]

        results = services.events_record(events=events, source="shop", now=noon)

        assert outcomes(results) == ["recorded", "duplicate", "recorded"]

    @pytest.mark.parametrize(
        ("given", "reason"),
        [
            ({"name": " "}, "a name of 1 to 128"),
            ({"name": "x" * 129}, "a name of 1 to 128"),
            ({"name": "a\0b"}, "a name of 1 to 128"),
            ({"occurred_at": datetime(1999, 12, 31, tzinfo=UTC)}, "before the year 2000"),
            ({"occurred_at": datetime(2030, 3, 2, 12, 1, tzinfo=UTC)}, "in the future"),
            ({"identity": None}, "Say whose"),
            ({"identity": ("email", "ann")}, "not an e-mail address"),
            ({"identity": None, "contact_id": 10**12}, "no such contact"),
            ({"properties": {"a": "x" * 40_000}}, "larger than 32 KB"),
            ({"properties": {"a": "\0"}}, "NUL"),
            ({"properties": {"a": "\ud800"}}, "cannot be kept|not JSON"),
            ({"properties": {"a": 2**80}}, "not JSON"),
        ],
    )
    def test_one_bad_event_is_refused_with_the_reason_while_the_others_are_kept(
        self, event, noon, given, reason
    ):
        results = services.events_record(events=[event(), event(**given), event()], source="shop", now=noon)

        assert outcomes(results) == ["recorded", "refused", "recorded"]
        assert re.search(reason, results[1].reason)
        assert Event.objects.count() == 2
        assert Contact.objects.get().email == "ann@example.com"

    def test_an_event_from_long_ago_gets_its_month(self, event, noon):
        moment = datetime(2011, 5, 31, 23, 59, tzinfo=UTC)

        services.events_record(events=[event(occurred_at=moment)], source="shop", now=noon)

        assert partitions.month_of(moment) in partitions.months_with_partition("contacts_event")
        assert Event.objects.get().occurred_at == moment

    def test_names_and_properties_are_added_to_the_catalogue(self, event, noon):
        later = noon + timedelta(hours=1)
        services.events_record(events=[event(properties={"total": 1})], source="shop", now=noon)
        services.events_record(
            events=[event(occurred_at=later, properties={"sku": "a", "gift": True})], source="shop", now=later
        )

        order = EventType.objects.get()
        assert (order.first_seen_at, order.last_seen_at) == (noon, later)
        assert order.properties == {"total": "number", "sku": "text", "gift": "boolean"}

    def test_a_hostile_source_cannot_fill_the_catalogue(self, event, noon):
        for start in (0, 150):
            properties = {f"p{n}": 1 for n in range(start, start + 150)}
            services.events_record(events=[event(properties=properties)], source="shop", now=noon)

        assert len(EventType.objects.get().properties) == 200

    def test_costs_the_same_for_one_and_for_many(self, event, noon, django_assert_max_num_queries):
        services.events_record(events=[event()], source="shop", now=noon)

        with django_assert_max_num_queries(12):
            services.events_record(
                events=[event(identity=("crm", str(n))) for n in range(300)], source="shop", now=noon
            )


@pytest.mark.django_db(transaction=True)
class TestEventsRecordAtOnce:
    def test_two_who_meet_the_same_stranger_make_one_contact(self, event, noon, other_connection):
        """The other one has written the identity and not yet committed: ours waits, and then takes it."""
        contact = ContactFactory(email="", consent=False)
        results = []

        def ours():
            results.extend(services.events_record(events=[event()], source="shop", now=noon))
            connections.close_all()

        other_connection.execute(
            "INSERT INTO contacts_identity (contact_id, namespace, value, created_at) "
            "VALUES (%s, 'email', 'ann@example.com', now())",
            [contact.pk],
        )
        thread = threading.Thread(target=ours)
        thread.start()
        _wait_until_somebody_waits()
        other_connection.commit()
        thread.join(timeout=5)

        assert [result.contact_id for result in results] == [contact.pk]
        assert Contact.objects.get() == contact

    def test_two_with_the_same_message_id_keep_one_event(self, event, noon, other_connection):
        contact = ContactFactory(email="ann@example.com")
        same = event()
        services.events_record(events=[same], source="shop", now=noon)
        key = Event.objects.get().message_key
        Event.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM contacts_eventreceipt")
        results = []

        def ours():
            results.extend(services.events_record(events=[same], source="shop", now=noon))
            connections.close_all()

        other_connection.execute(
            "INSERT INTO contacts_eventreceipt (contact_id, message_key, received_at) VALUES (%s, %s, now())",
            [contact.pk, key],
        )
        thread = threading.Thread(target=ours)
        thread.start()
        _wait_until_somebody_waits()
        other_connection.commit()
        thread.join(timeout=5)

        assert outcomes(results) == [EventOutcome.DUPLICATE]
        assert not Event.objects.exists()


def _wait_until_somebody_waits():
    with connection.cursor() as cursor:
        for _try in range(200):
            cursor.execute("SELECT pg_sleep(0.01)")
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone() != (0,):
                return
    pytest.fail("nobody waits for a lock")
