"""The rows of membership: who may write them, and the statement that does."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time

from django.db import connection
from django.db.models import F

from apps.segments import selectors
from apps.segments.models import Segment, SegmentSize
from apps.segments.registry import Clock
from apps.segments.rules import Node

# The first half of an advisory lock, the segment is the second. Whoever holds it is alone with the members of
# a segment, and what they see is not older than what anybody has written before: without it, two could write
# what each has seen, and the older one last.
_LOCK = 0x5E67
_SETTINGS = (
    "SELECT set_config('jit', 'off', true), set_config('work_mem', '64MB', true), "
    # Triggers note what others take away, for those who count to count again.
    "set_config('bookend.members_counted', 'on', true), set_config('statement_timeout', %s, true)"
)
# FULL JOIN, which is never a nested loop: of a rule the planner often expects one person where there are
# thousands, and would compare each of them with each member. Who goes is an array and no join for the same
# reason: of a segment that is newer than the last ANALYZE it expects one member, and walks them all.
_DIFFERENCE = """
    WITH live (id) AS MATERIALIZED ({live}),
    moved AS MATERIALIZED (
        SELECT live.id AS came, member.contact_id AS went
        FROM live FULL JOIN (
            SELECT contact_id FROM segments_segmentmember WHERE segment_id = %s {among}
        ) AS member ON member.contact_id = live.id
        WHERE live.id IS NULL OR member.contact_id IS NULL
    ),
    gone AS (
        DELETE FROM segments_segmentmember
        WHERE segment_id = %s AND contact_id = ANY(ARRAY(SELECT went FROM moved WHERE went IS NOT NULL))
        RETURNING 1
    ),
    new AS (
        INSERT INTO segments_segmentmember (segment_id, contact_id, since_at)
        SELECT %s, came, %s FROM moved WHERE came IS NOT NULL
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM live), (SELECT count(*) FROM new), (SELECT count(*) FROM gone)
"""


@dataclass(frozen=True)
class Difference:
    """What a look at everybody, or at some, has changed. `found` are those of them who are in."""

    found: int
    entered: int
    left: int


def members_try_lock(segments: Sequence[int]) -> set[int]:
    """Lock the members of these segments until the transaction ends; return those that nobody is at."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM unnest(%s::bigint[]) AS id "
            "WHERE pg_try_advisory_xact_lock(%s, (id %% 2147483648)::int)",
            [list(segments), _LOCK],
        )
        return {pk for (pk,) in cursor.fetchall()}


def members_lock(segment: int) -> None:
    """Lock the members of a segment until the transaction ends; wait for whoever is at them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, segment % 2**31])


@contextmanager
def members_counted(*, seconds: int) -> Iterator[None]:
    """Let the transaction move members inside, and count them itself. A statement may take so long."""
    with connection.cursor() as cursor:
        cursor.execute(_SETTINGS, [f"{seconds}s"])
        yield
        # After an error the rollback does this.
        cursor.execute("SELECT set_config('bookend.members_counted', 'off', true)")


def members_write(
    segment: Segment, node: Node, *, now: datetime, among: Sequence[int] | None = None
) -> Difference:
    """
    Store who is in the segment now, of everybody or of these contacts: add the missing, delete the gone.

    One statement, which writes only what differs. The caller holds the lock.
    """
    rows = selectors.rule_contacts(node, now=now, among=among).order_by().values("pk")
    live, params = rows.query.sql_with_params()
    narrowed = "" if among is None else "AND contact_id = ANY(%s::bigint[])"
    whose = [] if among is None else [Clock(now, tuple(among)).among_text]
    with connection.cursor() as cursor:
        statement = _DIFFERENCE.format(live=live, among=narrowed)
        cursor.execute(statement, [*params, segment.pk, *whose, segment.pk, segment.pk, now])
        return Difference(*cursor.fetchone())


def members_tell(segment: Segment, change: Difference, *, now: datetime, is_counted: bool = True) -> None:
    """
    Add what came and went to the size and the history, if anything did.

    Where others took members away, the size is not what was counted: then it is counted again.
    """
    rows = Segment.objects.filter(pk=segment.pk)
    if not is_counted:
        rows.update(size=segment.members.count())
    elif change.entered or change.left:
        rows.update(size=F("size") + change.entered - change.left)
    else:
        return
    history_write(segment, change, size=rows.get().size or 0, now=now)


def history_write(segment: Segment, change: Difference, *, size: int, now: datetime) -> None:
    """Keep one line a day. Nobody else writes it: the caller holds the lock."""
    today = datetime.combine(now.date(), time(), now.tzinfo)
    lines = SegmentSize.objects.filter(segment=segment, at__gte=today)
    told = lines.update(
        at=now, size=size, entered=F("entered") + change.entered, left=F("left") + change.left
    )
    if not told:
        SegmentSize.objects.create(
            segment=segment, at=now, size=size, entered=change.entered, left=change.left
        )
