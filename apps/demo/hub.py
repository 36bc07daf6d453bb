"""What a team does for its data before it trusts it: events are described and checked, contacts looked at."""

from contextlib import suppress
from datetime import datetime

from apps.accounts.models import User
from apps.contacts.eventfields import Field, FieldType
from apps.contacts.models import EventSchema, EventType
from apps.contacts.services import (
    ScanRunning,
    event_schema_change,
    event_type_describe,
    quality_scan_start,
)
from apps.demo import experiment

SIMULATED = Field("time", FieldType.TEXT, is_required=False)
# Business name, what it means, fields.
EVENTS = {
    experiment.VISITED: (
        "Site visited",
        "Came to the shop within two weeks of the e-mails. Whether is published, the hour is made up.",
        [SIMULATED],
    ),
    experiment.ORDERED: (
        "Order completed",
        "An order was paid. “total” is what was spent in dollars, without postage.",
        [
            Field("total", FieldType.NUMBER, is_required=True),
            Field("currency", FieldType.TEXT, is_required=True),
            SIMULATED,
        ],
    ),
}


def events_describe(by: User, *, now: datetime) -> None:
    """Say what the events mean and which fields they have; what somebody else has said stays."""
    for event_type in EventType.objects.filter(name__in=EVENTS, schema=None):
        label, description, fields = EVENTS[event_type.name]
        event_type_describe(
            event_type=event_type, label=label, description=description, owner=by, by=by, now=now
        )
        event_schema_change(event_type=event_type, mode=EventSchema.Mode.WARN, fields=fields, by=by, now=now)


def quality_look(by: User, *, now: datetime) -> None:
    """Have all contacts looked at, behind the page."""
    with suppress(ScanRunning):
        quality_scan_start(by=by, now=now)
