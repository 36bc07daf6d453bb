"""What is noted of a change, whom it concerns, and what becomes of it when something is in the way."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from prometheus_client.core import GaugeMetricFamily

from apps.contacts import services as contacts
from apps.contacts.models import Attribute, Consent, ConsentStatus, Contact
from apps.contacts.services import EventIn
from apps.segments import health, selectors, services, tasks
from apps.segments.models import ContactListMember, Segment, SegmentChange
from apps.segments.rules.times import Timing, rule_timing
from apps.segments.services import changes as applying
from apps.segments.services import membership
from tests.factories.contacts import AttributeFactory, ContactFactory
from tests.factories.segments import ContactListFactory, SegmentFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("dictionary")]
ROME = {"attribute": "city", "op": "eq", "value": "Rome"}
LATER = datetime(2100, 1, 1, tzinfo=UTC)


def members(segment):
    return set(segment.members.values_list("contact", flat=True))


def noted():
    """Return what is noted, and forget it."""
    found = [(sorted(one.topics), one.contacts) for one in SegmentChange.objects.order_by("pk")]
    SegmentChange.objects.all().delete()
    return found


@pytest.fixture
def living(noon):
    """Return a function that makes a segment whose members are found and follow changes from now on."""

    def make(rule, **values):
        segment = SegmentFactory(rule=rule, **values)
        services.segment_refresh(segment=segment, now=noon)
        SegmentChange.objects.all().delete()
        Segment.objects.filter(pk=segment.pk).update(refresh_due_at=LATER)
        segment.refresh_from_db()
        return segment

    return make


class TestNotes:
    def test_say_which_attributes_of_whom_changed(self, noon):
        ann = ContactFactory(attributes={"city": "Rome", "visits": 1}, consent=False)
        noted()

        contacts.contact_update(contact=ann, by=None, now=noon, attributes={"city": "Oslo", "visits": 1})

        assert noted() == [(["attribute:city"], [ann.pk])]

    def test_say_nothing_where_nothing_changed(self, noon):
        ann = ContactFactory(attributes={"city": "Rome"}, consent=False)
        noted()

        Contact.objects.filter(pk=ann.pk).update(updated_at=noon, attributes={"city": "Rome"})

        assert noted() == []

    def test_name_an_event_once_for_all_whom_one_call_tells_of(self, noon):
        people = ContactFactory.create_batch(3, consent=False)
        noted()

        contacts.events_record(
            events=[
                EventIn("Order", noon, contact_id=one.pk, message_id=f"{one.pk}-{n}")
                for one in people
                for n in range(2)
            ],
            source="shop",
            now=noon,
        )

        assert noted() == [(["event:Order"], [one.pk for one in people])]

    def test_name_nobody_where_one_statement_changes_too_many(self):
        noted()
        many = "SELECT now(), now() FROM generate_series(1, 20001)"
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO contacts_contact (created_at, updated_at) {many}")
        assert noted() == [(["contact"], None)]

        Contact.objects.update(attributes={"city": "Rome"})

        assert noted() == [(["attribute"], None)]

    def test_tell_of_the_dictionary_where_a_rule_may_mean_something_else(self):
        entry = AttributeFactory(key="tier")
        noted()

        Attribute.objects.filter(pk=entry.pk).update(label="Tier", is_indexed=True)
        assert noted() == []
        Attribute.objects.filter(pk=entry.pk).update(type=Attribute.Type.NUMBER)
        assert noted()[0] == (["attribute:tier", "dictionary"], None)


class TestChangesApply:
    def test_moves_people_in_and_out_and_counts_them(self, noon, living):
        goes, stays = ContactFactory.create_batch(2, attributes={"city": "Rome"})
        comes = ContactFactory(attributes={"city": "Oslo"})
        segment = living(ROME)
        goes.attributes, comes.attributes = {}, {"city": "ROME"}
        goes.save()
        comes.save()
        later = noon + timedelta(hours=1)

        assert services.changes_apply(now=later) == 2

        assert members(segment) == {stays.pk, comes.pk}
        assert segment.members.get(contact=comes).since_at == later
        segment.refresh_from_db()
        assert (segment.size, segment.refreshed_at) == (2, noon)
        assert segment.sizes.values_list("at", "size", "entered", "left").get() == (later, 2, 3, 1)
        assert services.changes_apply(now=later) == 0

    def test_asks_only_the_segments_that_depend_on_it_of_only_those_who_changed(
        self, noon, living, monkeypatch
    ):
        ann, _other = ContactFactory.create_batch(2, attributes={"city": "Rome"})
        romans = living(ROME)
        living({"attribute": "visits", "op": "exists"})
        living({"event": "order", "did": True})
        through = living({"none": [{"segment": romans.pk}]})
        asked = []
        write = applying.members_write

        def listen(segment, node, **kwargs):
            asked.append((segment.pk, kwargs["among"]))
            return write(segment, node, **kwargs)

        monkeypatch.setattr(applying, "members_write", listen)
        Contact.objects.filter(pk=ann.pk).update(attributes={"city": "Oslo"})
        services.changes_apply(now=noon)

        assert asked == [(romans.pk, [ann.pk]), (through.pk, [ann.pk])]
        assert ann.pk in members(through)

    def test_rings_for_nobody_when_all_is_taken(self, noon, living, django_capture_on_commit_callbacks):
        living(ROME)
        ContactFactory()

        with django_capture_on_commit_callbacks() as rung:
            services.changes_apply(now=noon)

        assert rung == []

    def test_takes_some_at_a_time_and_rings_for_the_rest(
        self, noon, living, monkeypatch, django_capture_on_commit_callbacks
    ):
        segment = living(ROME)
        ContactFactory.create_batch(3, attributes={"city": "Rome"}, consent=False)
        monkeypatch.setattr(applying, "TAKEN", 2)

        with django_capture_on_commit_callbacks() as rung:
            taken = [services.changes_apply(now=noon) for _turn in range(3)]

        assert taken == [2, 1, 0]
        assert rung == [tasks.changes_apply.delay]
        assert segment.members.count() == 3

    @pytest.mark.parametrize("named", [True, False])
    def test_has_everybody_asked_where_many_changed(
        self, noon, living, monkeypatch, django_capture_on_commit_callbacks, named
    ):
        segment = living(ROME)
        Segment.objects.update(refresh_took=timedelta(seconds=2))
        people = ContactFactory.create_batch(3, attributes={"city": "Rome"})
        if named:
            monkeypatch.setattr(applying, "MOST_NAMED", 2)
        else:
            SegmentChange.objects.update(contacts=None)

        with django_capture_on_commit_callbacks() as rung:
            services.changes_apply(now=noon)

        segment.refresh_from_db()
        assert (segment.is_behind, members(segment)) == (True, set())
        assert segment.refresh_due_at == noon + timedelta(seconds=20)  # a tenth of the time, not more
        assert set(rung) == {tasks.segments_refresh.delay}
        services.segments_refresh(now=segment.refresh_due_at)
        segment.refresh_from_db()
        assert (segment.is_behind, members(segment)) == (False, {one.pk for one in people})

    def test_owes_a_segment_that_somebody_else_is_at(self, noon, living, monkeypatch):
        segment = living(ROME)
        ann = ContactFactory(attributes={"city": "Rome"}, consent=False)
        at = SegmentChange.objects.get().at
        monkeypatch.setattr(applying, "members_try_lock", lambda pks: set())

        services.changes_apply(now=noon)
        services.changes_apply(now=noon)

        owed = SegmentChange.objects.get()
        assert (owed.segment_id, owed.contacts, owed.topics, owed.at) == (segment.pk, [ann.pk], [], at)
        monkeypatch.undo()
        services.changes_apply(now=noon)
        assert members(segment) == {ann.pk}
        assert not SegmentChange.objects.exists()

    def test_one_that_fails_keeps_nothing_from_the_others(self, noon, living, monkeypatch):
        poison, sound = living(ROME), living({"attribute": "city", "op": "exists"})
        write = applying.members_write

        def fail(segment, node, **kwargs):
            if segment == poison:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT 1 / 0")
            return write(segment, node, **kwargs)

        monkeypatch.setattr(applying, "members_write", fail)
        ann = ContactFactory(attributes={"city": "Rome"})
        services.changes_apply(now=noon)

        assert (members(poison), members(sound)) == (set(), {ann.pk})
        poison.refresh_from_db()
        assert "could not be found" in poison.fault
        assert poison.refresh_due_at == noon + timedelta(hours=1)

    def test_a_rule_that_speaks_of_what_is_gone_says_so_and_is_tried_when_that_is_back(self, noon, living):
        segment = living(ROME)
        Attribute.objects.filter(key="city").delete()

        services.changes_apply(now=noon)
        services.segments_refresh(now=noon + timedelta(minutes=1))
        segment.refresh_from_db()
        assert "no attribute “city”" in segment.fault

        AttributeFactory(key="city", label="City")
        services.changes_apply(now=noon + timedelta(minutes=2))
        services.segments_refresh(now=noon + timedelta(minutes=3))
        segment.refresh_from_db()
        assert segment.fault == ""

    def test_another_rule_is_followed_where_it_is_referred_to(self, noon, living, lead):
        segment = living(ROME)
        other = living({"segment": segment.pk})
        ann = ContactFactory(attributes={"city": "Oslo"})
        services.changes_apply(now=noon)

        services.segment_change(
            segment=segment, rule={"attribute": "city", "op": "exists"}, by=lead, now=noon
        )
        services.changes_apply(now=noon)
        for minutes in (1, 1):
            services.segments_refresh(now=noon + timedelta(minutes=minutes))

        assert members(segment) == members(other) == {ann.pk}

    def test_counts_again_where_an_erasure_took_a_member(self, noon, living, lead):
        ann, ben = ContactFactory.create_batch(2, attributes={"city": "Rome"})
        segment = living(ROME)

        contacts.contact_erase(contact=ann, by=lead, now=noon)
        assert members(segment) == {ben.pk}
        services.changes_apply(now=noon)

        segment.refresh_from_db()
        assert segment.size == 1

    def test_leaves_the_archived_as_they_are(self, noon, living):
        segment = living(ROME, archived_at=noon)
        ContactFactory(attributes={"city": "Rome"})

        services.changes_apply(now=noon)

        assert members(segment) == set()


class TestTimePass:
    WITHIN = {"event": "order", "did": True, "within": "30d"}

    def event(self, contact, at):
        event = EventIn("order", at, contact_id=contact.pk)
        contacts.events_record(events=[event], source="shop", now=at)

    def test_finds_whom_a_window_slid_past_and_asks_nobody_else(self, noon, living, monkeypatch):
        old, fresh, again = ContactFactory.create_batch(3)
        for one in (old, again):
            self.event(one, noon - timedelta(days=30) + timedelta(minutes=3))
        for one in (fresh, again):
            self.event(one, noon - timedelta(days=1))
        segment = living(self.WITHIN)
        assert members(segment) == {old.pk, fresh.pk, again.pk}
        assert segment.time_due_at == noon + timedelta(minutes=5)
        asked = []
        write = membership.members_write

        def listen(segment, node, **kwargs):
            asked.append(sorted(kwargs["among"]))
            return write(segment, node, **kwargs)

        monkeypatch.setattr(membership, "members_write", listen)
        assert services.segments_time_pass(now=noon + timedelta(minutes=4)) is None
        assert services.segments_time_pass(now=noon + timedelta(minutes=5)) == segment

        assert asked == [[old.pk, again.pk]]
        assert members(segment) == {fresh.pk, again.pk}
        segment.refresh_from_db()
        assert segment.size == 2
        assert (segment.timed_at, segment.time_due_at) == (
            noon + timedelta(minutes=5),
            noon + timedelta(minutes=10),
        )

    def test_asks_everybody_where_a_window_slid_past_many(self, noon, living, monkeypatch):
        monkeypatch.setattr(membership, "MOST_MOVED", 1)
        for one in ContactFactory.create_batch(2):
            self.event(one, noon - timedelta(days=30) + timedelta(minutes=3))
        segment = living(self.WITHIN)

        services.segments_time_pass(now=noon + timedelta(minutes=5))
        segment.refresh_from_db()
        assert segment.is_behind

        services.segments_refresh(now=noon + timedelta(minutes=6))
        assert members(segment) == set()

    @pytest.mark.parametrize(
        ("rule", "timing"),
        [
            (ROME, Timing.NONE),
            ({"event": "order", "did": True}, Timing.NONE),
            (WITHIN, Timing.WINDOWS),
            ({"any": [WITHIN, {"event": "visit", "did": False, "within": "15m"}]}, Timing.FINE_WINDOWS),
            (
                {
                    "event": "order",
                    "did": True,
                    "where": [{"property": "due", "op": "older_than", "value": "1d"}],
                },
                Timing.WHOLE,
            ),
            ({"message": "any", "did": "opened"}, Timing.NONE),
        ],
    )
    def test_how_a_rule_moves_with_time(self, rule, timing):
        assert rule_timing(selectors.rule_read(rule)) == timing


class TestHealth:
    @pytest.mark.parametrize(("minutes", "level"), [(0, "ok"), (2, "warning"), (11, "failed")])
    def test_says_when_changes_wait(self, minutes, level):
        with connection.cursor() as cursor:
            cursor.execute("SELECT now()")
            (now,) = cursor.fetchone()
        SegmentChange.objects.all().delete()
        SegmentChange.objects.create(at=now - timedelta(minutes=minutes), topics=["contact"])
        SegmentFactory(is_stale=True)

        ages, behind = health.segments_collect()

        assert health.changes_check().level == level
        assert isinstance(ages, GaugeMetricFamily)
        assert ages.samples[0].value // 60 == minutes
        assert behind.samples[0].value == 1


def test_lists_and_consent_are_noted_by_their_names(noon):
    kept, ann = ContactListFactory(), ContactFactory(consent=False)
    noted()

    ContactListMember.objects.create(contact_list=kept, contact=ann, added_at=noon)
    Consent.objects.create(
        contact=ann, channel="email", topic="news", status=ConsentStatus.SUBSCRIBED, changed_at=noon
    )
    Consent.objects.update(status=ConsentStatus.UNSUBSCRIBED)

    told = (["consent:email:news"], [ann.pk])
    assert noted() == [([f"list:{kept.pk}"], [ann.pk]), told, told]
