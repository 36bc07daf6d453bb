"""Events in quarantine, and what is counted of events beside them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.contacts import eventlog
from apps.contacts.models import Event, EventSample, EventTally, EventType, EventViolation, HeldEvent
from apps.core import partitions
from apps.core.queues import ring

log = structlog.get_logger(__name__)

AT_ONCE = 5_000  # events of one release or discarding
TALLIED_AT_ONCE = timedelta(hours=1)
TALLY_TASK = "apps.contacts.tasks.events_tally"

_CHOOSE = """
    SELECT id, occurred_at FROM contacts_heldevent
    WHERE event_type_id = %s AND (%s::bigint[] IS NULL OR id = ANY(%s)) ORDER BY id LIMIT %s FOR UPDATE
"""
# In the order of their arrival. Received now: whoever counts what is new finds them.
_RELEASE = """
    WITH gone AS (DELETE FROM contacts_heldevent WHERE id = ANY(%s) RETURNING *)
    INSERT INTO contacts_event (contact_id, name, occurred_at, received_at, properties, source, message_key)
    SELECT contact_id, %s, occurred_at, %s, properties, source, message_key FROM gone ORDER BY id
"""
_SEE = """
    UPDATE contacts_eventtype SET
        first_seen_at = least(first_seen_at, %s), last_seen_at = greatest(last_seen_at, %s)
    WHERE id = %s
"""
# By the minute of the clock, over what is counted anew; ordered, for two workers may be at it.
_TALLY = """
    INSERT INTO contacts_eventtally (at, name, source, count, late, ahead)
    SELECT date_bin('5 minutes', received_at, 'epoch'::timestamptz) AS at, name, source, count(*),
        count(*) FILTER (WHERE occurred_at < received_at - make_interval(secs => %(late)s)),
        count(*) FILTER (WHERE occurred_at > received_at + make_interval(secs => %(ahead)s))
    FROM contacts_event WHERE received_at >= %(start)s AND received_at < %(end)s
    GROUP BY 1, 2, 3 ORDER BY 2, 1, 3
    ON CONFLICT (name, at, source)
    DO UPDATE SET count = excluded.count, late = excluded.late, ahead = excluded.ahead
"""
_NEXT = """
    SELECT date_bin('5 minutes', received_at, 'epoch'::timestamptz)
    FROM contacts_event WHERE received_at >= %s ORDER BY received_at LIMIT 1
"""


@transaction.atomic
def held_release(
    *, event_type: EventType, by: User | None, now: datetime, ids: Sequence[int] | None = None
) -> int:
    """
    Make events in quarantine events of their contacts, in the order of their arrival, at their own time.

    `ids` are some of them; None is all. At most `AT_ONCE` a call; return how many it was. Each is counted
    once, however often and by whomever it is asked for: its row in quarantine is what it is made from.
    """
    chosen = _chosen(event_type, ids)
    if not chosen:
        return 0
    times = [occurred_at for _pk, occurred_at in chosen]
    for month in sorted({partitions.month_of(at) for at in times}):
        partitions.month_partition_ensure(eventlog.TABLE, month)
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE, [[pk for pk, _at in chosen], event_type.name, now])
        cursor.execute(_SEE, [min(times), max(times), event_type.pk])
    _audit("eventtype.released", event_type, len(chosen), by=by, now=now)
    return len(chosen)


@transaction.atomic
def held_discard(
    *, event_type: EventType, by: User | None, now: datetime, ids: Sequence[int] | None = None
) -> int:
    """
    Throw events in quarantine away; as `held_release`. Their message ids stay taken: a repeat is no news.
    """
    chosen = _chosen(event_type, ids)
    if chosen:
        HeldEvent.objects.filter(pk__in=[pk for pk, _at in chosen]).delete()
        _audit("eventtype.discarded", event_type, len(chosen), by=by, now=now)
    return len(chosen)


def events_tally(*, now: datetime) -> None:
    """
    Count what has arrived since it was counted last, and the last two spans again: some was on its way.

    An hour a call, and the next one that has events; then it rings again.
    """
    last = EventTally.objects.order_by("-at").values_list("at", flat=True).first()
    start = last - EventTally.SPAN if last else now - EventTally.KEPT_FOR
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('contacts.events_tally'))")
        if cursor.fetchone() != (True,):
            return  # another worker is at it
        # The second hour begins with an event that was not counted: whatever gap there was, this goes on.
        for _hour in range(2):
            cursor.execute(_NEXT, [start])
            found = cursor.fetchone()
            if found is None:
                return
            start = found[0] + TALLIED_AT_ONCE
            spans = {"late": Event.LATE.total_seconds(), "ahead": Event.AHEAD.total_seconds()}
            cursor.execute(_TALLY, {"start": found[0], "end": start, **spans})
    if start <= now:
        ring(TALLY_TASK)


def event_traces_forget(*, now: datetime) -> None:
    """Clear samples, counts and events in quarantine that are older than they may become."""
    samples, _by_model = EventSample.objects.filter(at__lt=now - EventSample.KEPT_FOR).delete()
    held, _by_model = HeldEvent.objects.filter(received_at__lt=now - HeldEvent.KEPT_FOR).delete()
    EventViolation.objects.filter(date__lt=(now - EventViolation.KEPT_FOR).date()).delete()
    EventTally.objects.filter(at__lt=now - EventTally.KEPT_FOR).delete()
    if samples or held:
        log.info("old samples and events in quarantine are gone", samples=samples, held=held)


def _chosen(event_type: EventType, ids: Sequence[int] | None) -> list[tuple[int, datetime]]:
    wanted = None if ids is None else list(ids)
    with connection.cursor() as cursor:
        cursor.execute(_CHOOSE, [event_type.pk, wanted, wanted, AT_ONCE])
        return list(cursor.fetchall())


def _audit(action: str, event_type: EventType, count: int, *, by: User | None, now: datetime) -> None:
    collaboration.audit_record(action=action, subject=event_type, by=by, now=now, details={"events": count})
