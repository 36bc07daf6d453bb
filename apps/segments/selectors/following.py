"""How far the members of segments are behind the people."""

from datetime import datetime, timedelta

from django.db import connection

from apps.segments.models import Segment

AMONG = 1_000  # the first of them; what a segment is owed may be older than what stands before it


def changes_age(*, now: datetime) -> timedelta | None:
    """Return for how long the oldest change has not been looked at; None if none waits."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(at) FROM (SELECT at FROM segments_segmentchange ORDER BY id LIMIT %s) AS first",
            [AMONG],
        )
        (at,) = cursor.fetchone()
    return None if at is None else max(now - at, timedelta(0))


def segments_behind() -> int:
    """Return of how many segments everybody is still to be asked, by another rule or after much changed."""
    return Segment.objects.unfollowed().count()
