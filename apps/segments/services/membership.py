"""Stored members of segments, found anew by asking everybody; and those whom time alone moves."""

import logging
import time
from datetime import datetime, timedelta

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.utils.translation import gettext as _

from apps.core.gone import has_gone
from apps.core.queues import ring
from apps.segments import selectors
from apps.segments.models import Segment
from apps.segments.rules import Node, RuleInvalid
from apps.segments.rules.needs import rule_kinds
from apps.segments.rules.times import Timing, rule_edges, rule_timing
from apps.segments.services.members import (
    history_write,
    members_counted,
    members_lock,
    members_tell,
    members_write,
)
from apps.segments.services.segments import REFRESH_TASK
from apps.segments.services.waits import EVERY, FAULTY_AGAIN, SHARE_OF_TIME, wait_after_trouble

logger = logging.getLogger(__name__)
TIME_TASK = "apps.segments.tasks.segments_time_pass"
# `EVERY` is for rules of which only asking everybody tells whom time moves. Of all others nobody should be
# missing by then: it is the comparison of what was followed with what is, and finds what goes without a word,
# such as the oldest month of events.
COMPARE_EVERY = timedelta(days=1)
# After the first look at what triggers have not noted so far: whoever was writing just then has ended.
SECOND_LOOK = timedelta(minutes=1)
TIME_EVERY = {Timing.WINDOWS: timedelta(minutes=5), Timing.FINE_WINDOWS: timedelta(minutes=1)}
# Whom time may have moved; with more of them, asking everybody is cheaper (docs/decisions/0150).
MOST_MOVED = 20_000
_REFRESH_LOCK = 0x5E68  # so that a second worker passes by, instead of waiting for the first


def segments_refresh(*, now: datetime) -> Segment | None:
    """
    Refresh the segment that waits most urgently, and ring for the next. Return it; None if none is due.

    Workers pass by the segments that others are at.
    """
    for segment in Segment.objects.due(at=now):
        start = time.monotonic()
        try:
            is_done = segment_refresh(segment=segment, now=now)
        except (OperationalError, InterfaceError):
            logger.warning("segment %s could not be refreshed just now", segment.pk, exc_info=True)
            segment_put_off(segment, now=now, took=timedelta(seconds=time.monotonic() - start))
            is_done = True
        except (DatabaseError, Segment.DoesNotExist):
            if has_gone(segment):
                logger.info("segment %s was deleted while it was refreshed", segment.pk)
            else:
                # One that always fails must not stand in line before all others.
                logger.exception("segment %s could not be refreshed", segment.pk)
                segment_fail(segment, now=now)
            is_done = True
        if is_done:
            ring(REFRESH_TASK)
            return segment
    return None


def segment_fail(segment: Segment, *, now: datetime) -> None:
    """Say that a segment's members could not be found, and have it tried again later."""
    fault = _("Its members could not be found. The server's log says why.")
    _settle(segment, fault=fault, is_behind=False, refresh_due_at=now + FAULTY_AGAIN)


def segment_put_off(segment: Segment, *, now: datetime, took: timedelta = timedelta(0)) -> None:
    """Have it tried again soon: what went wrong may have passed."""
    wait = wait_after_trouble(fault=segment.fault, took=took)
    fault = _(
        "The database was busy or away. Nothing is wrong with the segment: it is tried again by itself."
    )
    _settle(segment, fault=fault, is_behind=False, refresh_due_at=now + wait)


@transaction.atomic
def segment_refresh(*, segment: Segment, now: datetime) -> bool:
    """
    Store who is in the segment now: add the missing, delete the gone. False: another worker is at it.

    The row itself is not locked meanwhile, so a person may edit it; what they save stays stale.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_REFRESH_LOCK, segment.pk % 2**31])
        if cursor.fetchone() == (False,):
            return False
    members_lock(segment.pk)
    segment = Segment.objects.get(pk=segment.pk)
    start = time.monotonic()
    try:
        node = selectors.rule_read(segment.rule, segment=segment)
    except RuleInvalid as refusal:
        segment_refuse(segment, refusal, now=now)
        return True
    with members_counted(seconds=300):
        change = members_write(segment, node, now=now)
    took = timedelta(seconds=time.monotonic() - start)
    values = _schedule(node, segment, now=now, took=took)
    _settle(segment, fault="", size=change.found, refreshed_at=now, refresh_took=took, **values)
    history_write(segment, change, size=change.found, now=now)
    return True


def segment_refuse(segment: Segment, refusal: RuleInvalid, *, now: datetime) -> None:
    """Say why the rule of a segment cannot be used, and have it tried again later."""
    _settle(segment, fault=str(refusal)[:500], is_behind=False, refresh_due_at=now + FAULTY_AGAIN)


def _schedule(node: Node, segment: Segment, *, now: datetime, took: timedelta) -> dict[str, object]:
    """Return when everybody is to be asked again, and when those whom time alone moves."""
    timing, watches = rule_timing(node), rule_kinds(node)
    every = EVERY if timing == Timing.WHOLE else COMPARE_EVERY
    if not watches <= set(segment.watches):
        every = SECOND_LOOK
    pace = TIME_EVERY.get(timing)
    return {
        "refresh_due_at": now + max(every, took * SHARE_OF_TIME),
        "timed_at": now,
        "time_due_at": now + pace if pace else None,
        "is_behind": False,
        "watches": sorted(watches),
    }


def _settle(segment: Segment, **values: object) -> None:
    """Write the outcome down; the rule is no longer stale if it is still the one that was asked."""
    rows = Segment.objects.filter(pk=segment.pk)
    rows.update(**values)
    rows.filter(rule=segment.rule).update(is_stale=False)


def segments_time_pass(*, now: datetime) -> Segment | None:
    """
    Follow the segment of which time has moved somebody for the longest, and ring for the next.

    Return it; None if none is due.
    """
    for segment in Segment.objects.timed_due(at=now):
        try:
            is_done = segment_time_pass(segment=segment, now=now)
        except (OperationalError, InterfaceError):
            logger.warning("time could not be followed in segment %s just now", segment.pk, exc_info=True)
            Segment.objects.filter(pk=segment.pk).update(time_due_at=now + EVERY)
            is_done = True
        except DatabaseError:
            logger.exception("time could not be followed in segment %s", segment.pk)
            Segment.objects.filter(pk=segment.pk).update(time_due_at=now + FAULTY_AGAIN)
            is_done = True
        if is_done:
            ring(TIME_TASK)
            return segment
    return None


@transaction.atomic
def segment_time_pass(*, segment: Segment, now: datetime) -> bool:
    """
    Look again at those whom time alone may have moved since the last pass. False: not to be followed now.

    They are few: who has an event or a date that a window of the rule has slid past.
    """
    members_lock(segment.pk)
    found = Segment.objects.filter(pk=segment.pk).timed_due(at=now).first()
    if found is None or found.timed_at is None:
        return False  # somebody has been faster, or has edited the rule
    segment, since = found, found.timed_at
    try:
        node = selectors.rule_read(segment.rule, segment=segment)
    except RuleInvalid as refusal:
        segment_refuse(segment, refusal, now=now)
        Segment.objects.filter(pk=segment.pk).update(time_due_at=None)  # the refresh that succeeds sets it
        return True
    with members_counted(seconds=60):
        moved = _moved(node, since=since, until=now)
        if len(moved) > MOST_MOVED:
            Segment.objects.filter(pk=segment.pk).update(is_behind=True, refresh_due_at=now)
            ring(REFRESH_TASK)
        elif moved:
            members_tell(segment, members_write(segment, node, now=now, among=moved), now=now)
    pace = TIME_EVERY.get(rule_timing(node))
    rows = Segment.objects.filter(pk=segment.pk)
    rows.update(timed_at=now, time_due_at=now + pace if pace else None)
    return True


def _moved(node: Node, *, since: datetime, until: datetime) -> list[int]:
    """Return whom time may have moved; one more than there should be, if there are too many."""
    edges = rule_edges(node, since=since, until=until)
    if not edges:
        return []
    union = " UNION ".join(f"({edge.text})" for edge in edges)
    params = [param for edge in edges for param in edge.params]
    with connection.cursor() as cursor:
        cursor.execute(f"{union} LIMIT %s", [*params, MOST_MOVED + 1])
        return [pk for (pk,) in cursor.fetchall()]
