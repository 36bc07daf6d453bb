"""A worker that follows changes is killed between taking them and having moved people: nothing is lost."""

import time

import pytest

from apps.contacts.models import Contact
from apps.core import clock
from apps.segments import services
from apps.segments.models import SegmentChange, SegmentMember
from tests.factories.contacts import AttributeFactory, ContactFactory
from tests.factories.segments import SegmentFactory
from tests.faults.workers import Worker, locked, wait_until, waits_for_a_lock

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
FOLLOW = "apps.segments.services.changes_apply"


def test_killed_between_taking_changes_and_moving_people():
    AttributeFactory(key="city", label="City")
    people = ContactFactory.create_batch(3)
    segments = [SegmentFactory(rule={"attribute": "city", "op": op}) for op in ("exists", "missing")]
    for segment in segments:
        services.segment_refresh(segment=segment, now=clock.now())
    SegmentChange.objects.all().delete()
    Contact.objects.filter(pk=people[0].pk).update(attributes={"city": "Rome"})

    with Worker(act=FOLLOW) as worker, locked("LOCK segments_segmentmember IN SHARE MODE"):
        wait_until(waits_for_a_lock, "it has taken the change and is about to write")
        time.sleep(0.1)
        worker.kill()

    assert SegmentChange.objects.get().contacts == [people[0].pk]
    assert not SegmentMember.objects.filter(segment=segments[0]).exists()

    with Worker(act=FOLLOW) as worker:
        worker.finish()

    assert not SegmentChange.objects.exists()
    assert SegmentMember.objects.get(segment=segments[0]).contact_id == people[0].pk
    left = SegmentMember.objects.filter(segment=segments[1]).values_list("contact", flat=True)
    assert set(left) == {one.pk for one in people[1:]}
