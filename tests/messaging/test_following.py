"""Members of segments that speak of messages follow what is sent and what people do with it."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.contacts.models import Contact
from apps.contacts.services import EventIn, contact_merge, contact_unmerge, events_record
from apps.core.partitions import month_of, month_partition_ensure
from apps.messaging.models import DeliveryEvent, Recipient
from apps.messaging.rules import inputs
from apps.messaging.services.tracking import bursts_mark, open_record
from apps.segments import selectors, services
from apps.segments.models import Segment, SegmentChange
from apps.segments.rules.sentence import rule_sentence
from apps.segments.rules.times import Timing, rule_timing
from tests.factories.contacts import ContactFactory
from tests.factories.messaging import MessageFactory, RecipientFactory
from tests.factories.segments import SegmentFactory

pytestmark = pytest.mark.django_db
GOT = {"message": "any", "did": "received"}
OPENED = {"message": "any", "did": "opened"}
LATER = datetime(2100, 1, 1, tzinfo=UTC)
State = Recipient.State


@pytest.fixture
def living(noon):
    """Return a function that makes a segment whose members are found, and only follow changes from now on."""

    def make(rule):
        segment = SegmentFactory(rule=rule)
        services.segment_refresh(segment=segment, now=noon)
        SegmentChange.objects.all().delete()
        Segment.objects.filter(pk=segment.pk).update(refresh_due_at=LATER)
        return segment

    return make


def members(segment):
    return set(segment.members.values_list("contact", flat=True))


def noted():
    return list(SegmentChange.objects.order_by("pk").values_list("topics", "contacts"))


def sent(noon, **values):
    return RecipientFactory(state=State.SENT, finished_at=noon, **values)


def delivered(row, at, **values):
    values = {"kind": "opened", "at": at, "machine_reason": ""} | values
    month_partition_ensure("messaging_deliveryevent", month_of(at))
    return DeliveryEvent.objects.create(
        recipient=row, message_id=row.message_id, contact_id=row.contact_id, **values
    )


def test_nothing_is_noted_of_messages_while_no_segment_asks(noon, living):
    living({"attribute": "email", "op": "exists"})
    row = RecipientFactory()
    SegmentChange.objects.all().delete()

    Recipient.objects.update(state=State.SENT, finished_at=noon)
    open_record(recipient_id=row.pk, machine_reason="", now=noon + timedelta(hours=1))

    assert noted() == []


def test_a_send_is_noted_once_a_statement_and_only_when_mails_have_left(noon, living):
    living({"none": [{"segment": living(GOT).pk, "member": True}]})
    rows = RecipientFactory.create_batch(3)
    SegmentChange.objects.all().delete()

    Recipient.objects.update(state=State.LEASED, lease_token="0" * 32, leased_until=noon)  # none
    assert noted() == []
    Recipient.objects.update(state=State.SENT, finished_at=noon, lease_token=None, leased_until=None)

    assert noted() == [(["message:received"], sorted(row.contact_id for row in rows))]


def test_who_got_a_message_is_in_after_the_next_look(noon, living):
    row, _waits = RecipientFactory.create_batch(2)
    got, missed = living(GOT), living({"none": [GOT]})

    Recipient.objects.filter(pk=row.pk).update(state=State.SENT, finished_at=noon)
    services.changes_apply(now=noon)

    assert members(got) == {row.contact_id}
    assert members(missed) == set(Contact.objects.values_list("pk", flat=True)) - {row.contact_id}


def test_who_opened_is_in_and_who_turns_out_to_be_a_machine_leaves(noon, living):
    row = sent(noon)
    opened, clicked = living(OPENED), living({"message": row.message_id, "did": "clicked"})
    open_record(recipient_id=row.pk, machine_reason="", now=noon + timedelta(minutes=5))
    links = [row.message.links.create(position=n, url="https://shop.example") for n in range(5)]
    for link in links:
        delivered(row, noon, kind="clicked", link=link)

    services.changes_apply(now=noon)
    assert (members(opened), members(clicked)) == ({row.contact_id}, {row.contact_id})

    assert bursts_mark(now=noon + timedelta(seconds=10)) == len(links)
    services.changes_apply(now=noon)
    assert (members(opened), members(clicked)) == ({row.contact_id}, set())


def test_an_open_by_a_machine_is_not_noted(noon, living):
    row = sent(noon)
    living(OPENED)

    open_record(recipient_id=row.pk, machine_reason="proxy", now=noon)

    assert noted() == []


def test_a_goal_that_is_reached_moves_a_person_at_once(noon, living):
    row = sent(noon)
    campaign = row.message.campaign
    segment = living({"message": "any", "did": "converted"})

    reached_at = noon + timedelta(hours=1)
    events = [EventIn(campaign.goal_event, reached_at, contact_id=row.contact_id, message_id="m1")]
    events_record(events=events, source="shop", now=reached_at)
    services.changes_apply(now=noon + timedelta(hours=1))

    assert members(segment) == {row.contact_id}


def test_a_merge_takes_what_was_received_along_and_its_undoing_brings_it_back(noon, living, lead):
    keep, row = ContactFactory(), sent(noon)
    segment = living(GOT)

    merge = contact_merge(keep=keep, gone=row.contact, by=lead, now=noon, is_confirmed=True)
    services.changes_apply(now=noon)
    assert members(segment) == {keep.pk}

    contact_unmerge(merge=merge, by=lead, now=noon)
    services.changes_apply(now=noon)
    assert members(segment) == {row.contact_id}


def test_time_takes_out_whom_a_window_slid_past_and_asks_nobody_else(noon, living, monkeypatch):
    old, fresh = sent(noon - timedelta(days=30)), sent(noon - timedelta(days=29))
    delivered(old, noon - timedelta(days=30) + timedelta(minutes=3))
    delivered(fresh, noon)
    got, opened = living(GOT | {"within": "30d"}), living(OPENED | {"within": "30d"})
    assert (members(got), members(opened)) == ({old.contact_id, fresh.contact_id},) * 2

    while services.segments_time_pass(now=noon + timedelta(minutes=5)):
        pass

    assert (members(got), members(opened)) == ({fresh.contact_id}, {fresh.contact_id})


@pytest.mark.parametrize(
    ("condition", "timing"),
    [
        (GOT, Timing.NONE),
        (OPENED | {"within": "30d"}, Timing.WINDOWS),
        (OPENED | {"within": "12h"}, Timing.FINE_WINDOWS),
        ({"message": "any", "did": "converted"}, Timing.WHOLE),
    ],
)
def test_how_such_a_rule_moves_with_time(condition, timing):
    assert rule_timing(selectors.rule_read(condition)) == timing


def test_whoever_wrote_just_when_a_segment_began_to_ask_is_found_a_minute_later(noon):
    segment = SegmentFactory(rule=OPENED)

    services.segment_refresh(segment=segment, now=noon)
    segment.refresh_from_db()
    assert (segment.watches, segment.refresh_due_at) == (["message"], noon + timedelta(minutes=1))

    services.segment_refresh(segment=segment, now=noon + timedelta(minutes=1))
    segment.refresh_from_db()
    assert segment.refresh_due_at == noon + timedelta(days=1, minutes=1)


def test_a_segment_out_of_the_archive_begins_to_ask_anew(noon, living, lead):
    segment = living(GOT)
    services.segment_archive(segment=segment, by=lead, now=noon)
    RecipientFactory()
    SegmentChange.objects.all().delete()
    Recipient.objects.update(state=State.SENT, finished_at=noon)
    assert noted() == []

    services.segment_restore(segment=segment, by=lead, now=noon)

    segment.refresh_from_db()
    assert segment.watches == []


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (GOT, "Everyone where they got any message."),
        (OPENED | {"within": "30d"}, "Everyone where they opened any message in the last 30 days."),
    ],
)
def test_the_condition_reads_back_as_a_part_of_a_sentence(rule, sentence):
    assert rule_sentence(selectors.rule_read(rule)) == sentence


def test_the_fields_of_many_rows_cost_as_much_as_of_one(django_assert_num_queries):
    message = MessageFactory(launched=True)
    rows = [{"message": str(message.pk + n), "campaign": str(message.campaign_id)} for n in range(20)]

    with django_assert_num_queries(3):
        inputs(rows[1:2])
    with django_assert_num_queries(3):
        fields = inputs(rows)

    assert [dict(row[0].choices)[rows[n]["message"]] for n, row in enumerate(fields)] == [
        message.name,
        *["a message that is gone"] * 19,
    ]
