"""Stored members of segments, found anew by set difference."""

import logging
import time
from datetime import datetime, timedelta

from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext as _

from apps.core.queues import ring
from apps.segments import selectors
from apps.segments.models import Segment, SegmentSize
from apps.segments.rules import RuleInvalid
from apps.segments.services.segments import REFRESH_TASK

logger = logging.getLogger(__name__)
EVERY = timedelta(minutes=5)
# A refresh may take this part of the time at most, so that slow segments do not keep a server busy for ever.
SHARE_OF_TIME = 30
FAULTY_AGAIN = timedelta(hours=1)  # a rule that cannot be used may be usable again
HISTORY_EVERY = timedelta(days=1)
_LOCK = 0x5E67  # "segm": the first half of the advisory lock, the segment is the second

_SETTINGS = (
    "SELECT set_config('jit', 'off', true), set_config('work_mem', '64MB', true), "
    "set_config('statement_timeout', '300s', true)"
)
_DIFFERENCE = """
    WITH live (id) AS MATERIALIZED ({live}),
    gone AS (
        DELETE FROM segments_segmentmember AS member
        WHERE segment_id = %s AND NOT EXISTS (SELECT FROM live WHERE live.id = member.contact_id)
    ),
    new AS (
        INSERT INTO segments_segmentmember (segment_id, contact_id, since_at)
        SELECT %s, live.id, %s FROM live
        WHERE NOT EXISTS (
            SELECT FROM segments_segmentmember AS member
            WHERE member.segment_id = %s AND member.contact_id = live.id
        )
    )
    SELECT count(*) FROM live
"""


def segments_refresh(*, now: datetime) -> Segment | None:
    """
    Refresh the segment that waits most urgently, and ring for the next. Return it; None if none is due.

    Workers pass by the segments that others are at.
    """
    for segment in Segment.objects.due(at=now):
        try:
            is_done = segment_refresh(segment=segment, now=now)
        except DatabaseError:
            # One that always fails must not stand in line before all others.
            logger.exception("segment %s could not be refreshed", segment.pk)
            fault = _("Its members could not be found. The server's log says why.")
            _settle(segment, fault=fault, refresh_due_at=now + FAULTY_AGAIN)
            is_done = True
        if is_done:
            ring(REFRESH_TASK)
            return segment
    return None


@transaction.atomic
def segment_refresh(*, segment: Segment, now: datetime) -> bool:
    """
    Store who is in the segment now: add the missing, delete the gone. False: another worker is at it.

    The row itself is not locked meanwhile, so a person may edit it; what they save stays stale.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_LOCK, segment.pk % 2**31])
        if cursor.fetchone() == (False,):
            return False
    segment = Segment.objects.get(pk=segment.pk)
    start = time.monotonic()
    try:
        node = selectors.rule_read(segment.rule, segment=segment)
    except RuleInvalid as refusal:
        _settle(segment, fault=str(refusal)[:500], refresh_due_at=now + FAULTY_AGAIN)
        return True
    live, params = selectors.rule_contacts(node, now=now).order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_SETTINGS)
        statement = _DIFFERENCE.format(live=live)
        cursor.execute(statement, [*params, segment.pk, segment.pk, now, segment.pk])
        (size,) = cursor.fetchone()
    took = timedelta(seconds=time.monotonic() - start)
    due_at = now + max(EVERY, took * SHARE_OF_TIME)
    _settle(segment, fault="", size=size, refreshed_at=now, refresh_due_at=due_at)
    _history_write(segment, size=size, now=now)
    return True


def _settle(segment: Segment, **values: object) -> None:
    """Write the outcome down; the rule is no longer stale if it is still the one that was asked."""
    rows = Segment.objects.filter(pk=segment.pk)
    rows.update(**values)
    rows.filter(rule=segment.rule).update(is_stale=False)


def _history_write(segment: Segment, *, size: int, now: datetime) -> None:
    last = segment.sizes.order_by("-at").first()
    if last is None or last.size != size or last.at <= now - HISTORY_EVERY:
        SegmentSize.objects.create(segment=segment, at=now, size=size)
