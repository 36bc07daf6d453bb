"""The data of benchmarks: as much as was asked for, sound, and the same for the same seed."""

from datetime import timedelta

import pytest
from django.db import connection

from apps.contacts import values
from apps.contacts.models import Attribute, Consent, Contact, Event, Identity
from apps.contacts.scale import _partition_detach_if_empty, scale_seed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def without_vacuum(monkeypatch):
    """VACUUM cannot run inside the transaction of a test."""
    monkeypatch.setattr("apps.contacts.scale.MAINTENANCE", "ANALYZE")


def told(_text):
    pass


def test_makes_as_many_as_asked_within_a_year(noon):
    made = scale_seed(contacts=100, events=1000, seed=1, now=noon, report=told)

    assert Contact.objects.count() == made.last - made.first + 1 == 100
    assert Event.objects.count() == 1000
    assert not Event.objects.exclude(occurred_at__range=(noon - timedelta(days=366), noon)).exists()
    assert not Event.objects.exclude(
        contact__in=Contact.objects.filter(pk__range=(made.first, made.last))
    ).exists()
    assert Identity.objects.filter(contact__email="").count() == 0
    assert Identity.objects.count() == Contact.objects.exclude(email="").count() == 98
    assert (
        Consent.objects.filter(status="subscribed").count()
        > Consent.objects.filter(status="unsubscribed").count()
        > 0
    )


def test_is_the_same_for_the_same_seed(noon):
    def drawn(seed):
        made = scale_seed(contacts=50, events=200, seed=seed, now=noon, report=told)
        people = Contact.objects.filter(pk__range=(made.first, made.last)).order_by("pk")
        events = Event.objects.filter(contact__in=people).order_by("occurred_at")
        return [person.attributes for person in people], [(event.name, event.properties) for event in events]

    assert drawn(7) == drawn(7) != drawn(8)


def test_adds_to_what_is_there(noon):
    scale_seed(contacts=10, events=100, seed=1, now=noon, report=told)
    scale_seed(contacts=10, events=100, seed=1, now=noon, report=told)

    assert (Contact.objects.count(), Event.objects.count()) == (20, 200)


def test_values_are_those_that_the_dictionary_promises(noon):
    scale_seed(contacts=20, events=0, seed=1, now=noon, report=told)

    kinds = {attribute.key: attribute for attribute in Attribute.objects.all()}
    for contact in Contact.objects.all():
        assert set(contact.attributes) == set(kinds)
        for key, value in contact.attributes.items():
            assert values.value_check(kinds[key].type, value, choices=kinds[key].choices) == value


def test_a_month_with_events_is_filled_where_it_stands(noon):
    scale_seed(contacts=10, events=1000, seed=1, now=noon, report=told)

    with connection.cursor() as cursor:
        assert not _partition_detach_if_empty(cursor, f"contacts_event_y{noon:%Y}m02")
