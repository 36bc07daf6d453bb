"""What should have come by when, and what has. Pure: figures in, figures and sentences out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import TextChoices
from django.utils import formats
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.campaigns.budget import month_after, months_between
from apps.campaigns.models import Campaign
from apps.campaigns.progress import GoalProgress, Period
from apps.core import charts, display

MOST_MONTHS = 36
DAY = timedelta(days=1)
Points = Mapping[date, Decimal]


class Shape(TextChoices):
    """How a goal may arrive: the same every day, most of it at the beginning, or most of it at the end."""

    EVEN = "even", gettext_lazy("Evenly")
    EARLY = "early", gettext_lazy("Early")
    LATE = "late", gettext_lazy("Late")


def share_of(shape: Shape, gone: float) -> float:
    """
    Return what share of the goal is there when `gone` (0 to 1) of the time has passed.

    Early is 1 − (1 − x)², late is x²: each has half the time's worth of its goal as its slow end.
    """
    match shape:
        case Shape.EVEN:
            return gone
        case Shape.EARLY:
            return 1 - (1 - gone) ** 2
        case Shape.LATE:
            return gone**2


def months_of(period: Period) -> list[date]:
    """Return the months in which the goal counts, at most `MOST_MONTHS`; none without a last day."""
    return months_between(period.first, period.last)[:MOST_MONTHS] if period.last else []


def suggest(period: Period, target: Decimal, shape: Shape, *, decimals: int = 0) -> dict[date, Decimal]:
    """Return the curve of this shape that ends at the target, rounded; {} without a last day."""
    months = months_of(period)
    if period.ends_at is None or not months:
        return {}
    whole = period.ends_at - period.begins_at
    step = Decimal(1).scaleb(-decimals)
    curve = {}
    for month in months:
        gone = (_end_of(month, period) - period.begins_at) / whole
        amount = target * Decimal(share_of(shape, gone))
        curve[month] = amount.quantize(step, ROUND_HALF_UP)
    curve[months[-1]] = target
    return curve


def expected_at(points: Points, period: Period, at: datetime) -> Decimal:
    """Return what should be there at a moment, along straight lines between the ends of the months."""
    left, before = period.begins_at, Decimal(0)
    for month, amount in sorted(points.items()):
        end = _end_of(month, period)
        if at < end:
            gone = max((at - left) / (end - left), 0.0) if end > left else 0.0
            return before + (amount - before) * Decimal(gone)
        left, before = end, amount
    return before


def _end_of(month: date, period: Period) -> datetime:
    """Return when a month is over, or the goal's last day if that comes first."""
    end = datetime.combine(month_after(month), time.min, tzinfo=UTC)
    return min(end, period.ends_at) if period.ends_at else end


@dataclass(frozen=True)
class MonthStanding:
    month: date
    expected: Decimal
    reached: Decimal | None  # None: it has not begun

    @property
    def difference(self) -> Decimal | None:
        return None if self.reached is None else self.reached - self.expected


@dataclass(frozen=True)
class Standing:
    """What has come beside what was expected, month by month and by now."""

    months: Sequence[MonthStanding]
    expected: Decimal
    reached: Decimal
    alert_percent: int

    @property
    def difference(self) -> Decimal:
        return self.reached - self.expected

    @property
    def ratio(self) -> float | None:
        """The difference as a share of what was expected; None while nothing was."""
        return float(self.difference / self.expected) if self.expected else None

    @property
    def is_short(self) -> bool:
        """Test if so much less has come that the captain is told; a part of one is not missed."""
        is_whole = self.difference <= -1
        return is_whole and self.ratio is not None and self.ratio * 100 <= -self.alert_percent


def standing_of(points: Points, progress: GoalProgress, *, alert_percent: int) -> Standing:
    """Compare a curve with what was counted."""
    now = progress.at.astimezone(UTC).date()
    return Standing(
        months=[
            MonthStanding(month, amount, _reached_by(month_after(month), progress) if month <= now else None)
            for month, amount in sorted(points.items())
        ],
        expected=expected_at(points, progress.period, progress.at),
        reached=progress.reached,
        alert_percent=alert_percent,
    )


def _reached_by(end: date, progress: GoalProgress) -> Decimal:
    return next((reached for day, reached in reversed(progress.days) if day < end), Decimal(0))


def chart_of(standing: Standing) -> SafeString:
    """Draw what has come beside what was expected, from nothing on."""
    return charts.lines(
        [
            charts.Series("neutral", [0, *(one.expected for one in standing.months)], is_dashed=True),
            charts.Series("accent", [0, *(one.reached for one in standing.months)]),
        ]
    )


def amount_text(campaign: Campaign, amount: Decimal) -> str:
    """Return an amount of the goal as a person reads it."""
    if campaign.goal_measure == Campaign.GoalMeasure.VALUE:
        return display.money(amount, campaign.currency)
    return display.number(amount)


def variance_text(campaign: Campaign, standing: Standing) -> str:
    """Say in words how what has come differs from what was expected by now."""
    said = {
        "expected": amount_text(campaign, standing.expected),
        "reached": amount_text(campaign, standing.reached),
        "difference": amount_text(campaign, abs(standing.difference)),
        "share": display.percent(abs(standing.ratio or 0), 0),
    }
    if said["expected"] == amount_text(campaign, Decimal(0)):
        return _("Nothing was expected by now; %(reached)s has come.") % said
    if said["expected"] == said["reached"]:
        return _("%(expected)s was expected by now, and it has come.") % said
    if standing.difference < 0:
        told = _(
            "%(expected)s was expected by now and %(reached)s has come: %(difference)s less (%(share)s)."
        )
    else:
        told = _(
            "%(expected)s was expected by now and %(reached)s has come: %(difference)s more (%(share)s)."
        )
    return told % said


def month_text(month: date) -> str:
    return formats.date_format(month, "M Y")
