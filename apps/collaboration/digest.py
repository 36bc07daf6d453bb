"""When a digest is due: a pure function of what somebody chose and where they live."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from apps.collaboration.models import NotificationSettings

Digest = NotificationSettings.Digest
MONDAY = 0
DAY = timedelta(days=1)


def next_digest(*, digest: str, hour: int, zone: str, after: datetime) -> datetime | None:
    """
    Return the first moment after `after` at which a digest is due; None: never.

    A weekly one comes on Mondays. Where the clock skips the hour, it comes an hour later.
    """
    if digest == Digest.NEVER:
        return None
    where = ZoneInfo(zone)
    day = after.astimezone(where).date()
    while not (_is_due_on(day, digest) and _moment(day, hour, where) > after):
        day += DAY
    return _moment(day, hour, where)


def _is_due_on(day: date, digest: str) -> bool:
    return digest == Digest.DAILY or day.weekday() == MONDAY


def _moment(day: date, hour: int, where: ZoneInfo) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=where)
