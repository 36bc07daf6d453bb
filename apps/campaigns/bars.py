"""Campaigns as bars over months. Pure: days in, pictures as SVG out."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

MONTHS = 12
# A picture of this width: half a unit is less than a pixel anywhere.
WIDTH = 1200.0
HEIGHT = 26


@dataclass(frozen=True)
class Months:
    """The months that are shown: `first` is the first day of the first one, `end` the day after the last."""

    first: date
    end: date

    @property
    def heads(self) -> list[date]:
        return [_months_on(self.first, number) for number in range(MONTHS)]

    @property
    def earlier(self) -> date:
        return _months_on(self.first, -MONTHS // 2)

    @property
    def later(self) -> date:
        return _months_on(self.first, MONTHS // 2)

    def at(self, day: date) -> float:
        """Return where the beginning of a day stands in the picture, inside or not."""
        return (day - self.first).days / (self.end - self.first).days * WIDTH


def months_of(day: date) -> Months:
    """Return a year of months from the one of this day on."""
    first = day.replace(day=1)
    return Months(first, _months_on(first, MONTHS))


def months_around(today: date) -> Months:
    """Return the year in which three months lie behind today."""
    return months_of(_months_on(today.replace(day=1), -3))


def line_of(campaign: Any, months: Months, today: date) -> SafeString:
    """
    Draw one campaign, with `begins` and `ends`: its bar, a tick at its launch, its outcome at the right end.

    Months are faint lines and today is a strong one; what lies outside is cut off by the picture's edge.
    """
    body = _grid(months)
    begins, ends = months.at(campaign.begins), months.at(campaign.ends + timedelta(days=1))
    length = max(ends - begins, 3.0)
    body += format_html(
        '<rect class="span" x="{}" y="7" width="{}" height="12" rx="3"/>', _n(begins), _n(length)
    )
    if campaign.launch_date:
        body += format_html(
            '<line class="launch" x1="{0}" x2="{0}" y1="3" y2="23"/>', _x(months, campaign.launch_date)
        )
    if campaign.goal_date:
        body += format_html(
            '<rect class="outcome" x="{}" y="4" width="5" height="18" rx="2"/>', _n(begins + length - 5)
        )
    body += format_html('<line class="today" x1="{0}" x2="{0}" y1="0" y2="{1}"/>', _x(months, today), HEIGHT)
    return format_html(
        '<svg class="timeline-plot" viewBox="0 0 {} {}" preserveAspectRatio="none"'
        ' aria-hidden="true">{}</svg>',
        _n(WIDTH),
        HEIGHT,
        body,
    )


@lru_cache(maxsize=16)  # every row has the same
def _grid(months: Months) -> SafeString:
    lines = ((_x(months, head), HEIGHT) for head in months.heads[1:])
    return format_html_join("", '<line class="grid" x1="{0}" x2="{0}" y1="0" y2="{1}"/>', lines)


def _x(months: Months, day: date) -> str:
    return _n(months.at(day))


def _n(value: float) -> str:
    return f"{value:.1f}"


def _months_on(first: date, count: int) -> date:
    number = first.year * 12 + first.month - 1 + count
    return date(number // 12, number % 12 + 1, 1)
