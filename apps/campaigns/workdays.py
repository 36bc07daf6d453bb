"""Working days: which days of a calendar are worked, and how many of them lie between two days."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache

from apps.campaigns.dates import FIRST, LAST

SATURDAY, SUNDAY = 5, 6
WEEK = 7


@dataclass(frozen=True)
class WorkCalendar:
    """
    Weekdays that are free (Monday is 0; at least one is worked), and single days that are free.

    Working days are numbered through, so that "three working days before" is a subtraction. What would lie
    outside of the days that a campaign can have is the first or the last of them.
    """

    weekend: frozenset[int] = frozenset({SATURDAY, SUNDAY})
    holidays: frozenset[date] = frozenset()

    @cached_property
    def _worked(self) -> list[int]:
        return _worked_days(self.weekend, self.holidays)

    def number(self, day: date) -> int:
        """Return the number of this working day, of the last one before it where it is free."""
        return bisect_right(self._worked, day.toordinal()) - 1

    def number_from(self, day: date) -> int:
        """Return the number of this working day, of the first one after it where it is free."""
        return bisect_left(self._worked, day.toordinal())

    def day(self, number: int) -> date:
        return date.fromordinal(self._worked[min(max(number, 0), len(self._worked) - 1)])

    def start(self, due: date, duration: int) -> date:
        """Return when something must begin that takes `duration` working days and ends on `due`."""
        return min(self.day(self.number(due) - max(duration, 1) + 1), due)

    def count(self, first: date, last: date) -> int:
        """Return how many working days there are from the first to the last day, both counted."""
        return self.number(last) - self.number_from(first) + 1


@lru_cache(maxsize=2)
def _worked_days(weekend: frozenset[int], holidays: frozenset[date]) -> list[int]:
    """Return the ordinals of all working days. Kept: they are the same until somebody edits them."""
    free = {day.toordinal() for day in holidays}
    # Ordinal 1 is a Monday.
    off = {(day + 1) % WEEK for day in weekend}
    days = range(FIRST.toordinal(), LAST.toordinal() + 1)
    return [day for day in days if day % WEEK not in off and day not in free]
