"""
What a budget adds up to. Pure: sums of lines in, figures out; `selectors.budget` asks the database.

Every figure on every page is made here, so that subtotals always sum to the total beside them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import accumulate
from typing import Self

NOTHING = Decimal(0)
MONTHS = 12


def month_first(day: date) -> date:
    return day.replace(day=1)


def month_shift(one: date, other: date) -> int:
    """Return how many months the month of `other` is after that of `one`; below 0: before it."""
    return MONTHS * (other.year - one.year) + other.month - one.month


def month_moved(month: date, later: int) -> date:
    """Return the first day of the month that is so many months later."""
    years, place = divmod(month.month - 1 + later, MONTHS)
    return date(month.year + years, place + 1, 1)


def month_after(month: date) -> date:
    return date(month.year + month.month // MONTHS, month.month % MONTHS + 1, 1)


def months_between(first: date, last: date) -> list[date]:
    """Return the first day of every month from that of `first` to that of `last`."""
    found, month = [], month_first(first)
    while month <= last:
        found.append(month)
        if (month.year, month.month) == (date.max.year, MONTHS):
            break
        month = month_after(month)
    return found


@dataclass(frozen=True)
class Amounts:
    """
    The figures of one line, or of a sum of lines.

    `remaining` = planned − the larger of committed and actual, line by line: what is neither spent nor
    promised. `forecast` = actual in months that are over; in this one and those to come the largest of
    planned, committed and actual, line by line: a promise may be dearer than the plan, and a bill than both.
    """

    planned: Decimal = NOTHING
    committed: Decimal = NOTHING
    actual: Decimal = NOTHING
    bound: Decimal = NOTHING  # sum of the larger of committed and actual
    forecast: Decimal = NOTHING

    @property
    def remaining(self) -> Decimal:
        return self.planned - self.bound

    @property
    def over(self) -> Decimal:
        """How far the forecast is above the plan; 0 when it is not."""
        return max(self.forecast - self.planned, NOTHING)

    def __add__(self, other: Self) -> "Amounts":
        return Amounts(
            self.planned + other.planned,
            self.committed + other.committed,
            self.actual + other.actual,
            self.bound + other.bound,
            self.forecast + other.forecast,
        )


def total_of(parts: Iterable[Amounts]) -> Amounts:
    return sum(parts, Amounts())


@dataclass(frozen=True)
class Cell:
    """The sum of all lines of one channel in one month; no channel: the whole campaign."""

    channel: int | None
    month: date
    amounts: Amounts


@dataclass(frozen=True)
class Summary:
    """A campaign's budget: `total` is the sum of its `by_channel`, and of its `by_month`."""

    by_channel: Sequence[tuple[int | None, Amounts]]
    by_month: Sequence[tuple[date, Amounts]]
    total: Amounts

    @property
    def is_empty(self) -> bool:
        return not self.by_month

    @property
    def planned_curve(self) -> list[Decimal]:
        """What should have been spent by the end of each month."""
        return list(accumulate(amounts.planned for _month, amounts in self.by_month))

    @property
    def forecast_curve(self) -> list[Decimal]:
        return list(accumulate(amounts.forecast for _month, amounts in self.by_month))

    def actual_curve(self, this_month: date) -> list[Decimal | None]:
        """What had been spent by the end of each month; None for those to come."""
        spent = accumulate(amounts.actual for _month, amounts in self.by_month)
        return [
            amount if month <= this_month else None
            for (month, _amounts), amount in zip(self.by_month, spent, strict=True)
        ]


def summarise(cells: Sequence[Cell]) -> Summary:
    """Sum cells by channel (the whole campaign first) and by month; months without a line stand between."""
    channels = sorted({cell.channel for cell in cells}, key=lambda pk: (pk is not None, pk or 0))
    present = sorted({cell.month for cell in cells})
    months = months_between(present[0], present[-1]) if present else []
    return Summary(
        by_channel=[(pk, total_of(cell.amounts for cell in cells if cell.channel == pk)) for pk in channels],
        by_month=[
            (month, total_of(cell.amounts for cell in cells if cell.month == month)) for month in months
        ],
        total=total_of(cell.amounts for cell in cells),
    )
