"""
How many may leave, and when the next one may: limits by the second to the day, and the ceilings of a warm-up.

What has left is kept as `[[until, count], …]`: so many count until that moment, in seconds of the epoch. Each
entry counts for a whole window after the moment it was made, so no window, wherever it begins, has more than
the limit. Moments are rounded up to a sixtieth of the window, so there are never more than 61 entries.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from zoneinfo import ZoneInfo

PARTS = 60
Used = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Rate:
    """At most `most` in any `seconds`, of one sender or to one domain; `pk` is the limit's."""

    pk: int
    most: int
    seconds: int
    sender: int | None = None
    domain: str = ""

    @property
    def key(self) -> str:
        return f"limit:{self.pk}"

    def most_at(self, at: float) -> int | None:
        return self.most

    def ends(self, at: float) -> float:
        """Return until when something that leaves at `at` counts."""
        part = self.seconds / PARTS
        return (math.floor(at / part) + 1) * part + self.seconds


@dataclass(frozen=True)
class Ramp:
    """A warm-up: so many on each calendar day from `starts_on` on, and no ceiling after the last of them."""

    pk: int
    sender: int
    starts_on: date
    ceilings: tuple[int, ...]
    zone: str
    domain: str = ""

    @property
    def key(self) -> str:
        return f"warmup:{self.pk}"

    def day(self, at: float) -> int:
        """Return which day of the plan it is, from 0 on; negative before it begins."""
        return (self._date(at) - self.starts_on).days

    def most_at(self, at: float) -> int | None:
        """Return the day's ceiling; None where the plan says nothing."""
        day = self.day(at)
        return self.ceilings[day] if 0 <= day < len(self.ceilings) else None

    def ends(self, at: float) -> float:
        midnight = datetime.combine(self._date(at) + timedelta(days=1), clock_time(), ZoneInfo(self.zone))
        return midnight.timestamp()

    def _date(self, at: float) -> date:
        return datetime.fromtimestamp(at, ZoneInfo(self.zone)).date()


Rule = Rate | Ramp


def counted(used: Used, at: float) -> int:
    """Return how many still count."""
    return sum(int(count) for until, count in used if until > at)


def room(rule: Rule, used: Used, at: float) -> int | None:
    """Return how many more may leave now; None if the rule has nothing against any number."""
    most = rule.most_at(at)
    return None if most is None else max(0, most - counted(used, at))


def taken(rule: Rule, used: Used, at: float, count: int) -> list[list[float]]:
    """Return what is kept once `count` more have left; what counts no more is dropped."""
    until = rule.ends(at)
    kept = [[float(end), int(n)] for end, n in used if end > at and end != until]
    before = sum(int(n) for end, n in used if end == until)
    return sorted([*kept, [until, before + count]])


def opens_at(rule: Rule, used: Used, at: float) -> float:
    """Return from when on the next one may leave: now, if there is room."""
    spare = room(rule, used, at)
    if spare is None or spare > 0:
        return at
    if isinstance(rule, Ramp):
        return rule.ends(at)
    over = counted(used, at) - rule.most
    for until, count in sorted((until, count) for until, count in used if until > at):
        over -= int(count)
        if over < 0:
            return until
    return rule.ends(at)


def done_at(rule: Rule, used: Used, at: float, count: int) -> float:
    """
    Return when the last of `count` would leave if nothing but this rule held them back.

    Each step fills what room there is and goes to the next moment at which there is some; for a limit that is
    spent, whole windows are counted and not walked through.
    """
    left = count
    if isinstance(rule, Rate):
        spare = room(rule, used, at) or 0
        if left <= spare:
            return at
        windows = math.ceil((left - spare) / rule.most)
        return opens_at(rule, taken(rule, used, at, spare), at) + (windows - 1) * rule.seconds
    now = at
    while (spare_now := room(rule, used if now == at else (), now)) is not None and left > spare_now:
        left -= spare_now
        now = rule.ends(now)
    return now
