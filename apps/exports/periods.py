"""When a schedule is due. No database here."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from apps.exports.models import Schedule

Period = Schedule.Period


def due_after(schedule: Schedule, moment: datetime) -> datetime:
    """
    Return the first moment after `moment` when the schedule's hour comes, by the clock of its time zone.

    An hour that a change to summer time leaves out is taken an hour later, one that comes twice once.
    """
    zone = ZoneInfo(schedule.timezone)
    day = moment.astimezone(zone).date()
    while True:
        due = datetime.combine(day, time(schedule.hour), zone).astimezone(UTC)
        if due > moment and _is_day_of(schedule, day):
            return due
        day += timedelta(days=1)


def _is_day_of(schedule: Schedule, day: date) -> bool:
    match Period(schedule.period):
        case Period.WEEKLY:
            return day.weekday() == schedule.weekday
        case Period.MONTHLY:
            return day.day == schedule.month_day
    return True
