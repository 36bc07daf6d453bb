"""
The calendar of campaigns: days in columns, campaigns as bars in lanes, small marks below them. Pure.

Apps above this one add what they know, from `AppConfig.ready`: marks of what goes out on a day, and how many
people of a segment are to hear from us on a day.
"""

import calendar
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.campaigns.models import Campaign
from apps.core.registry import Registry

DAY = timedelta(days=1)
WEEK = 7
ROOM = 5  # days that a name has room in
SCALES = {"month": _("Month"), "week": _("Week")}
LANES = {"channel": _("Channel"), "captain": _("Captain")}


@dataclass(frozen=True)
class Mark:
    """Something small of a campaign on a day; `channel` is a kind of channel, or '' for none."""

    day: date
    campaign_id: int
    channel: str
    text: str
    url: str
    icon: str


# (who looks, campaigns, first day, last day) -> marks
marks: Registry[Callable[[User, Collection[int], date, date], Iterable[Mark]]] = Registry()
# (segment, first day, last day) -> by day, how many messages people of this segment are to get
pressures: Registry[Callable[[int, date, date], Mapping[date, int]]] = Registry()


@dataclass(frozen=True)
class Window:
    """The days that are shown, first and last included."""

    scale: str
    first: date
    last: date

    @property
    def days(self) -> list[date]:
        return [self.first + number * DAY for number in range((self.last - self.first).days + 1)]

    @property
    def earlier(self) -> date:
        return self.first - DAY

    @property
    def later(self) -> date:
        return self.last + DAY

    def column(self, day: date) -> int:
        """Return the column of a day, from 1; what lies outside stands at the edge."""
        inside = min(max(day, self.first), self.last)
        return (inside - self.first).days + 1

    def shows(self, day: date | None) -> bool:
        return day is not None and self.first <= day <= self.last


def window_of(scale: str, day: date) -> Window:
    """Return the month or the week, from Monday, that a day lies in."""
    if scale == "week":
        first = day - day.weekday() * DAY
        return Window("week", first, first + (WEEK - 1) * DAY)
    length = calendar.monthrange(day.year, day.month)[1]
    return Window("month", day.replace(day=1), day.replace(day=length))


@dataclass(frozen=True)
class DayMarks:
    """What is marked on one day below a bar."""

    column: int
    marks: list[Mark]

    @property
    def text(self) -> str:
        return " · ".join(mark.text for mark in self.marks)


@dataclass(frozen=True)
class Bar:
    """One campaign in one lane. `launch` is the column of its launch; 0: not in these days."""

    campaign: Any  # a Campaign with `begins` and `ends`
    column: int
    length: int
    launch: int
    begins_before: bool
    ends_after: bool
    days: list[DayMarks] = field(default_factory=list)

    @property
    def first(self) -> int:
        return min([self.column, *(day.column for day in self.days)])

    @property
    def css(self) -> str:
        """What is seen of it beside its stage and its place."""
        told = [
            ("begins-before", self.begins_before),
            ("ends-after", self.ends_after),
        ]
        return "".join(f" {name}" for name, is_so in told if is_so)

    @property
    def name_css(self) -> str:
        """Where in it its name stands: before its launch or after, where there is more room."""
        if not self.launch:
            return ""
        before = self.launch - self.column
        after = self.length - before - 1
        return f"for-{before}" if before >= min(ROOM, after) and before else f"at-{before + 1}"

    @property
    def last(self) -> int:
        return max([self.column + self.length - 1, *(day.column for day in self.days)])


@dataclass(frozen=True)
class Lane:
    """The campaigns of one channel or one captain, in rows in which they do not touch."""

    label: str | Promise
    rows: list[list[Bar]]
    count: int


def bar_of(campaign: Any, window: Window, found: Iterable[Mark]) -> Bar:
    """Return where a campaign stands in these days, with its marks."""
    by_day: dict[date, list[Mark]] = defaultdict(list)
    for mark in found:
        by_day[mark.day].append(mark)
    column = window.column(campaign.begins)
    return Bar(
        campaign=campaign,
        column=column,
        length=window.column(campaign.ends) - column + 1,
        launch=window.column(campaign.launch_date) if window.shows(campaign.launch_date) else 0,
        begins_before=campaign.begins < window.first,
        ends_after=campaign.ends > window.last,
        days=[DayMarks(window.column(day), by_day[day]) for day in sorted(by_day) if window.shows(day)],
    )


def packed(bars: Iterable[Bar]) -> list[list[Bar]]:
    """Put bars into as few rows as the order allows, none touching another one."""
    rows: list[list[Bar]] = []
    for bar in sorted(bars, key=lambda bar: (bar.first, bar.campaign.pk)):
        free = next((row for row in rows if row[-1].last < bar.first), None)
        if free is None:
            rows.append([bar])
        else:
            free.append(bar)
    return rows


def lanes_of(campaigns: Sequence[Campaign], window: Window, found: Iterable[Mark], *, by: str) -> list[Lane]:
    """
    Return the lanes, by channel or by captain, empty ones left out.

    A campaign stands once in the lane of each of its channels; what belongs to no channel is marked in the
    first of them. Their channels must be fetched already.
    """
    of: dict[int, list[Mark]] = defaultdict(list)
    for mark in found:
        of[mark.campaign_id].append(mark)
    members: dict[tuple[Any, ...], list[Bar]] = defaultdict(list)
    for campaign in campaigns:
        for place, (key, kind) in enumerate(_keys(campaign, by)):
            mine = [mark for mark in of[campaign.pk] if _stands_in(mark, kind, is_first=place == 0)]
            members[key].append(bar_of(campaign, window, mine))
    return [Lane(key[1], packed(members[key]), len(members[key])) for key in sorted(members, key=_order)]


def _keys(campaign: Campaign, by: str) -> list[tuple[tuple[Any, ...], str | None]]:
    """Return in which lanes a campaign stands, each with the channel whose marks belong there; None: all."""
    if by == "captain":
        return [((str(campaign.captain), str(campaign.captain), campaign.captain_id), None)]
    kinds = [(channel.kind, channel.get_kind_display()) for channel in campaign.channels.all()]
    if not kinds:
        return [(("", _("No channel yet")), None)]
    return [((kind, label), kind) for kind, label in kinds]


def _stands_in(mark: Mark, kind: str | None, *, is_first: bool) -> bool:
    return kind is None or mark.channel == kind or (not mark.channel and is_first)


def _order(key: tuple[Any, ...]) -> tuple[bool, str, int]:
    return (not key[0], str(key[1]).casefold(), key[2] if len(key) > 2 else 0)


@dataclass(frozen=True)
class Heat:
    """How many people are to hear from us on a day, and how hot that is among these days, from 0 to 4."""

    day: date
    count: int
    level: int


HOTTEST = 4


def heat_of(counts: Mapping[date, int], window: Window) -> list[Heat]:
    """Return the row above the lanes: the hottest day of the window is 4, a day without anybody 0."""
    highest = max((counts.get(day, 0) for day in window.days), default=0)
    found = []
    for day in window.days:
        count = counts.get(day, 0)
        level = -(-count * HOTTEST // highest) if highest else 0
        found.append(Heat(day, count, level))
    return found
