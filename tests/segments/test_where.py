"""Conditions on events, for those who count events outside of a segment."""

from datetime import UTC, datetime

import pytest

from apps.contacts.models import Event
from apps.core.partitions import month_of, month_partition_ensure
from apps.segments.rules import RuleInvalid, event_where

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("where", "totals"),
    [
        ([], [10, 50, 90]),
        ([{"property": "total", "op": "gte", "value": 50}], [50, 90]),
        (
            [
                {"property": "total", "op": "gte", "value": 50},
                {"property": "plan", "op": "eq", "value": "PRO"},
            ],
            [90],
        ),
    ],
    ids=["all", "one", "both"],
)
def test_leaves_the_events_for_which_every_condition_holds(noon, where, totals):
    month_partition_ensure("contacts_event", month_of(noon))
    for total, plan in ((10, "pro"), (50, "free"), (90, "pro")):
        Event.objects.create(
            contact_id=1,
            name="bought",
            occurred_at=noon,
            received_at=noon,
            properties={"total": total, "plan": plan},
        )

    text, params = event_where("bought", where, now=noon)

    found = Event.objects.raw(f"SELECT * FROM contacts_event WHERE {text} ORDER BY id", params)
    assert [event.properties["total"] for event in found] == totals


def test_says_where_a_condition_is_wrong():
    with pytest.raises(RuleInvalid) as refusal:
        event_where(
            "bought", [{"property": "total", "op": "near", "value": 3}], now=datetime(2030, 3, 1, tzinfo=UTC)
        )

    assert [fault.path for fault in refusal.value.faults] == ["where[0].op"]
