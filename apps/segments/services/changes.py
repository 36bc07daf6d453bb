"""
Members follow what changes of people: what triggers have noted is taken in batches, and each segment whose
rule depends on it is asked about the contacts concerned, in one statement.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db import DatabaseError, OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from apps.core.queues import ring
from apps.segments import selectors
from apps.segments.models import Segment, SegmentChange
from apps.segments.rules import RuleInvalid, Vocabulary, rule_parse
from apps.segments.rules.needs import ANYBODY, DICTIONARY, rule_topics
from apps.segments.services.members import (
    members_counted,
    members_tell,
    members_try_lock,
    members_write,
)
from apps.segments.services.membership import segment_fail, segment_put_off, segment_refuse
from apps.segments.services.segments import REFRESH_TASK

logger = logging.getLogger(__name__)
APPLY_TASK = "apps.segments.tasks.changes_apply"
TAKEN = 5_000  # changes at a time
TAKEN_CONTACTS = 100_000  # and contacts that they name
# From so many contacts on, everybody is asked: see docs/decisions/0150.
MOST_NAMED = 20_000
# While changes come without end, as in an import, asking everybody takes this part of the time at most.
SHARE_OF_TIME = 10
SECONDS = 20  # of one statement; a segment that takes longer is asked as a whole
_NEVER = datetime.max.replace(tzinfo=UTC)
_APPLY_LOCK = (0x5E69, 0)  # one batch at a time: what was noted first is seen first
_TAKE = """
    DELETE FROM segments_segmentchange WHERE id IN (
        SELECT id FROM (
            SELECT id, sum(coalesce(cardinality(contacts), 0)) OVER (ORDER BY id)
                - coalesce(cardinality(contacts), 0) AS before
            FROM (SELECT id, contacts FROM segments_segmentchange ORDER BY id LIMIT %s) AS first
        ) AS summed WHERE before < %s
    )
    RETURNING at, topics, contacts, segment_id
"""


@dataclass(frozen=True)
class Change:
    """As in `SegmentChange`."""

    at: datetime
    topics: Sequence[str]
    contacts: Sequence[int] | None
    segment_id: int | None


@dataclass
class _Wanted:
    """What a segment is to look at again: these contacts, or everybody."""

    contacts: set[int] = field(default_factory=set)
    is_everybody: bool = False
    is_count: bool = False
    since: datetime = _NEVER  # when the first of it happened

    def add(self, change: Change) -> None:
        self.is_everybody |= change.contacts is None
        self.is_count |= SegmentChange.SIZE in change.topics
        self.contacts.update(change.contacts or ())
        self.since = min(self.since, change.at)

    @property
    def is_too_much(self) -> bool:
        return self.is_everybody or len(self.contacts) > MOST_NAMED


def changes_apply(*, now: datetime) -> int:
    """
    Take some changes and move people in and out of segments; ring for the rest. Return how many were taken.

    All of it is one transaction: a worker that is killed leaves every change where it was. One worker does
    this at a time, others pass by.
    """
    with transaction.atomic():
        changes = _take() if _is_alone() else []
        if changes:
            _apply(changes, now=now)
            # Not for less: what a segment is owed, until a refresh is done with it, would ring without end.
            if len(changes) == TAKEN or sum(len(one.contacts or ()) for one in changes) >= TAKEN_CONTACTS:
                ring(APPLY_TASK)
    return len(changes)


def _is_alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", _APPLY_LOCK)
        return bool(cursor.fetchone()[0])


def _take() -> list[Change]:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [TAKEN, TAKEN_CONTACTS])
        return [Change(*row) for row in cursor.fetchall()]


def _apply(changes: Sequence[Change], *, now: datetime) -> None:
    words = selectors.vocabulary()
    wanted = _wanted(changes, words)
    if not wanted:
        return
    # What somebody is just editing, or a refresh is at, is looked at later: nobody waits for it here. While
    # its row is locked, a rule cannot become another one between reading it and writing by it.
    rows = Segment.objects.active().select_for_update(no_key=True, skip_locked=True)
    found = {one.pk: one for one in rows.filter(pk__in=wanted).order_by("pk")}
    ours = members_try_lock(sorted(found))
    _owe({pk: want for pk, want in wanted.items() if pk not in ours})
    with members_counted(seconds=SECONDS):
        for pk in sorted(ours):
            _segment_apply(found[pk], wanted[pk], words, now=now)


def _wanted(changes: Sequence[Change], words: Vocabulary) -> dict[int, _Wanted]:
    """Return which segments depend on any of the changes, and on which contacts they are to be asked."""
    by_topic: dict[str, list[Change]] = defaultdict(list)
    wanted: dict[int, _Wanted] = defaultdict(_Wanted)
    for change in changes:
        if change.segment_id is not None:
            wanted[change.segment_id].add(change)
            continue
        for topic in change.topics:
            by_topic[topic].append(change)
    for segment in Segment.objects.active():
        for topic in by_topic.keys() & _topics(segment, words):
            for change in by_topic[topic]:
                wanted[segment.pk].add(change)
    return wanted


def _topics(segment: Segment, words: Vocabulary) -> frozenset[str]:
    if segment.fault:
        return frozenset({DICTIONARY})
    try:
        return rule_topics(rule_parse(segment.rule, words, segment=segment.pk))
    except RuleInvalid:
        return frozenset({ANYBODY, DICTIONARY})


def _owe(others: dict[int, _Wanted]) -> None:
    """Write down what segments are to look at that are not to be had now, in place of what was taken."""
    there = Segment.objects.active().filter(pk__in=others).values_list("pk", flat=True)
    SegmentChange.objects.bulk_create(
        [
            SegmentChange(
                at=others[pk].since,
                topics=[SegmentChange.SIZE] if others[pk].is_count else [],
                contacts=None if others[pk].is_too_much else sorted(others[pk].contacts),
                segment_id=pk,
            )
            for pk in there
        ]
    )


def _segment_apply(segment: Segment, want: _Wanted, words: Vocabulary, *, now: datetime) -> None:
    if segment.is_stale or segment.is_behind:
        return  # a refresh is to come, and sees all of this
    if segment.fault and not want.is_everybody:
        return  # what is wrong is as it was
    if want.is_too_much:
        _ask_everybody(segment, now=now)
        return
    # Nobody is asked at a moment before the one up to which time was followed.
    at = max(now, segment.timed_at or now)
    try:
        with transaction.atomic():
            node = rule_parse(segment.rule, words, segment=segment.pk)
            change = members_write(segment, node, now=at, among=sorted(want.contacts))
            members_tell(segment, change, now=at, is_counted=not want.is_count)
    except RuleInvalid as refusal:
        segment_refuse(segment, refusal, now=now)
    except DatabaseError as error:
        # The change is taken all the same: one segment that fails must not keep it from the others.
        if isinstance(error.__cause__, QueryCanceled):
            _ask_everybody(segment, now=now)
            return
        logger.exception("segment %s could not follow changes", segment.pk)
        fail = segment_put_off if isinstance(error, OperationalError) else segment_fail
        fail(segment, now=now)


def _ask_everybody(segment: Segment, *, now: datetime) -> None:
    took = (segment.refresh_took or timedelta(0)) * SHARE_OF_TIME
    due_at = max(now, segment.refreshed_at + took if segment.refreshed_at else now)
    Segment.objects.filter(pk=segment.pk).update(is_behind=True, refresh_due_at=due_at)
    ring(REFRESH_TASK)
