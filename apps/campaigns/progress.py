"""How far a campaign's goal is. Pure: figures in, sentences out; `selectors.progress` counts them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from apps.campaigns.models import Campaign

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """The days on which the goal is counted, first and last included; a day is one in UTC."""

    first: date
    last: date | None

    @property
    def begins_at(self) -> datetime:
        return datetime.combine(self.first, time.min, tzinfo=UTC)

    @property
    def ends_at(self) -> datetime | None:
        """The moment after the last one; none when the calendar ends there."""
        if self.last is None or self.last == date.max:
            return None
        return datetime.combine(self.last + DAY, time.min, tzinfo=UTC)


def period_of(campaign: Campaign) -> Period:
    """Return the days that count: from the start, or else the launch, or else the day it was made."""
    first = campaign.start_date or campaign.launch_date or campaign.created_at.astimezone(UTC).date()
    return Period(first, campaign.goal_date)


@dataclass(frozen=True)
class GoalProgress:
    """
    What has been reached by `at`: people, events or value, by the campaign's measure.

    `days` has each day on which something came, with what had been reached by its end; the last one's is
    `reached`. Events received after `counted_at` are not in it.
    """

    period: Period
    target: Decimal | None
    at: datetime
    counted_at: datetime
    days: Sequence[tuple[date, Decimal]]
    problem: str = ""  # why nothing can be counted

    @property
    def reached(self) -> Decimal:
        return self.days[-1][1] if self.days else Decimal(0)

    @property
    def ratio(self) -> float | None:
        """Share of the target; above 1 when it is passed, None without a target."""
        return float(self.reached / self.target) if self.target else None

    @property
    def expected(self) -> Decimal | None:
        """What an even pace from first to last day would have reached by now."""
        if not self.target or self.period.ends_at is None:
            return None
        whole = self.period.ends_at - self.period.begins_at
        gone = min(max(self.at - self.period.begins_at, timedelta(0)), whole)
        return self.target * Decimal(gone / whole)

    @property
    def expected_ratio(self) -> float | None:
        return float(self.expected / self.target) if self.expected is not None and self.target else None

    @property
    def has_begun(self) -> bool:
        return self.at >= self.period.begins_at

    @property
    def is_over(self) -> bool:
        return self.period.ends_at is not None and self.at >= self.period.ends_at

    @property
    def is_reached(self) -> bool:
        return bool(self.target) and self.reached >= (self.target or 0)

    @property
    def is_behind(self) -> bool:
        return self.expected is not None and self.reached < self.expected

    def line(self) -> list[float]:
        """Return what had been reached by the end of each day, from the first one to today; for a chart."""
        last = min(self.at.astimezone(UTC).date(), self.period.last or date.max)
        count = (last - self.period.first).days + 1
        by_day, reached, points = dict(self.days), Decimal(0), []
        for number in range(max(count, 0)):
            reached = by_day.get(self.period.first + number * DAY, reached)
            points.append(float(reached))
        return points
