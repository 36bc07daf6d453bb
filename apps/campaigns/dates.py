"""What the dates of a campaign must say to each other. Forms, API and acts ask this one function."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from django.utils import formats
from django.utils.translation import get_language
from django.utils.translation import gettext as _

FIRST, LAST = date(2000, 1, 1), date(2100, 12, 31)
# Where on earth a day ends last.
BEHIND = timedelta(hours=12)


def dates_problems(
    *, start: date | None, launch: date | None, goal: date | None
) -> Iterator[tuple[str, str]]:
    """Yield the field and the sentence of each thing that cannot be."""
    for field, day in (("start_date", start), ("launch_date", launch), ("goal_date", goal)):
        if told := range_problem(day):
            yield field, told
    if start and goal and goal < start:
        yield "goal_date", _("The outcome's date is before the start.")
    if start and launch and launch < start:
        yield "launch_date", _("The launch is before the start.")
    if launch and goal and goal < launch:
        yield "launch_date", _("The launch is after the outcome's date.")


def range_problem(day: date | None) -> str:
    """Return the sentence that refuses a day nobody can mean; '' for any other, and for none."""
    if day is None or FIRST <= day <= LAST:
        return ""
    told = _("Choose a day between %(first)s and %(last)s.")
    return told % {"first": day_text(FIRST), "last": day_text(LAST)}


def past_problem(day: date | None, *, now: datetime) -> str:
    """Return the sentence that refuses a day to come that has passed already; '' if it is still to come."""
    return _("This day has passed.") if day is not None and day < day_begun(now) else ""


def day_begun(now: datetime) -> date:
    """Return the day that it still is somewhere: only what lies before it has passed for everybody."""
    return (now.astimezone(UTC) - BEHIND).date()


def day_text(day: date) -> str:
    """Return a day as the pages show it, for use inside a sentence."""
    return formats.date_format(day, "j M Y") if isinstance(day, datetime) else _day_text(day, get_language())


@lru_cache(maxsize=4096)  # the bars of a calendar share their days
def _day_text(day: date, _language: str | None) -> str:
    return formats.date_format(day, "j M Y")
