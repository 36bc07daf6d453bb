"""The days on which nobody works. Plans are counted by them; what is planned stays until it is moved."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns.dates import range_problem
from apps.campaigns.errors import CalendarRefused
from apps.campaigns.models import Holiday, WorkWeek
from apps.campaigns.services.edit import changes_of, row_edit
from apps.collaboration import services as collaboration

LINES_MAX = 1000
NAME_MAX = 100
SHOWN = 5  # lines of a list that are named when it is refused
# A day, then its name, however a spreadsheet or a person parts them.
DAY = re.compile(r'\s*"?(?P<day>\d{4}-\d{2}-\d{2})"?[\s,;]*(?P<name>.*)$')


@dataclass(frozen=True)
class DayWanted:
    date: date
    name: str


@transaction.atomic
def holiday_add(*, date: date, name: str, by: User, now: datetime) -> Holiday:
    """
    Add a day on which nobody works.

    :raises CalendarRefused: it is there already, or nobody can mean it
    """
    if told := range_problem(date):
        raise CalendarRefused(told, field="date")
    if Holiday.objects.filter(date=date).exists():
        raise CalendarRefused(_("This day is in the list already."), field="date")
    holiday = Holiday.objects.create(date=date, name=name)
    collaboration.audit_record(action="holiday.added", subject=holiday, by=by, now=now)
    return holiday


@transaction.atomic
def holiday_remove(*, holiday: Holiday, by: User, now: datetime) -> None:
    """Let a day be worked again."""
    collaboration.audit_record(action="holiday.removed", subject=holiday, by=by, now=now)
    Holiday.objects.filter(pk=holiday.pk).delete()


@transaction.atomic
def holidays_import(*, days: Iterable[DayWanted], by: User, now: datetime) -> list[Holiday]:
    """
    Add all days that are not there yet; those that are keep their names. Return what was added.

    :raises CalendarRefused: there are too many, or one that nobody can mean; nothing is added
    """
    wanted = {day.date: day.name[:NAME_MAX] for day in days}
    if len(wanted) > LINES_MAX:
        raise CalendarRefused(_("A list holds at most %(n)s days.") % {"n": LINES_MAX}, field="text")
    for day in wanted:
        if told := range_problem(day):
            raise CalendarRefused(f"{day.isoformat()}: {told}", field="text")
    there = set(Holiday.objects.filter(date__in=wanted).values_list("date", flat=True))
    made = Holiday.objects.bulk_create(
        Holiday(date=day, name=name) for day, name in sorted(wanted.items()) if day not in there
    )
    collaboration.audit_record_many(action="holiday.added", subjects=made, by=by, now=now)
    return made


@transaction.atomic
def work_week_set(*, weekend: list[int], by: User, now: datetime, seen: int | None = None) -> WorkWeek:
    """
    Say which days of every week are free.

    :raises CalendarRefused: none would be worked
    :raises ChangedMeanwhile: somebody changed them after version `seen`
    """
    days = sorted(set(weekend))
    if len(days) > len(WorkWeek.Weekday) - 1:
        raise CalendarRefused(_("One day of the week must be worked."), field="weekend")
    week, _made = WorkWeek.objects.select_for_update(no_key=True).get_or_create(pk=1)
    changes = changes_of(week, {"weekend": days})
    return row_edit(week, changes, action="work_week.changed", by=by, now=now, seen=seen) if changes else week


def days_read(text: str) -> list[DayWanted]:
    """
    Read a list of days: a line each, first the day as 2030-12-25, then its name.

    :raises CalendarRefused: with the first lines that are none
    """
    found, wrong = [], []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        day = _day_read(line)
        if day is not None:
            found.append(day)
        elif number > 1 or DAY.match(line):  # the first line may be a heading
            wrong.append(f"{number}: {line.strip()[:40]}")
    if wrong:
        told = _("No day as 2030-12-25 in line %(lines)s.")
        raise CalendarRefused(told % {"lines": "; ".join(wrong[:SHOWN])}, field="text")
    if not found:
        raise CalendarRefused(_("There is no day in this list."), field="text")
    return found


def _day_read(line: str) -> DayWanted | None:
    match = DAY.match(line)
    if match is None:
        return None
    try:
        return DayWanted(date.fromisoformat(match["day"]), match["name"].strip(' "') or _("Holiday"))
    except ValueError:  # 2030-02-31
        return None
