"""A worker that follows changes is killed between taking them and having moved people: nothing is lost."""

import time
from contextlib import closing
from types import SimpleNamespace

import pytest
from django.db import connections

from apps.contacts.models import Contact
from apps.core import clock
from apps.segments import services
from apps.segments.models import SegmentChange, SegmentMember
from tests.factories.contacts import AttributeFactory, ContactFactory
from tests.factories.segments import SegmentFactory
from tests.faults.workers import Worker, locked, wait_until

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
FOLLOW = ("manage.py", "shell", "--no-imports", "-v0", "-c")
APPLY = """
from apps.core import clock
from apps.segments import services
services.changes_apply(now=clock.now())
"""


def follower():
    return Worker(SimpleNamespace(url="smtp://127.0.0.1:1"), command=[*FOLLOW, APPLY])


def waits_for_a_lock():
    with closing(connections.create_connection("default")) as other, other.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = "
            "'segments_segmentmember'::regclass)"
        )
        return cursor.fetchone()[0]


def test_killed_between_taking_changes_and_moving_people():
    AttributeFactory(key="city", label="City")
    people = ContactFactory.create_batch(3)
    segments = [SegmentFactory(rule={"attribute": "city", "op": op}) for op in ("exists", "missing")]
    for segment in segments:
        services.segment_refresh(segment=segment, now=clock.now())
    SegmentChange.objects.all().delete()
    Contact.objects.filter(pk=people[0].pk).update(attributes={"city": "Rome"})

    with follower() as worker, locked("LOCK segments_segmentmember IN SHARE MODE"):
        wait_until(waits_for_a_lock, "it has taken the change and is about to write")
        time.sleep(0.1)
        worker.kill()

    assert SegmentChange.objects.get().contacts == [people[0].pk]
    assert not SegmentMember.objects.filter(segment=segments[0]).exists()

    with follower() as worker:
        worker.finish()

    assert not SegmentChange.objects.exists()
    assert SegmentMember.objects.get(segment=segments[0]).contact_id == people[0].pk
    left = SegmentMember.objects.filter(segment=segments[1]).values_list("contact", flat=True)
    assert set(left) == {one.pk for one in people[1:]}
