"""
Back-scheduling: when everything of a plan must begin and end, counted back from the outcome and the launch.

Each item is placed as late as its offset and what waits for it allow: on its anchor's day plus the offset at
the latest, and at least one working day before anything begins that waits for it. What is fixed (pinned by
hand, or done) stays where it is. Nothing here knows of the database.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from apps.campaigns.workdays import WorkCalendar


class Anchor(StrEnum):
    LAUNCH = "launch"
    OUTCOME = "outcome"


@dataclass(frozen=True)
class Item:
    """
    One task or milestone. `after` are the keys of what it waits for; keys of nothing known are left out.

    `offset` is in working days from the anchor, negative before it. With `is_fixed` it stays on `start` and
    `due`, whatever its anchor says; without an anchor only what waits for it decides.
    """

    key: int
    duration: int = 1
    anchor: Anchor | None = None
    offset: int = 0
    after: Sequence[int] = ()
    start: date | None = None
    due: date | None = None
    is_fixed: bool = False
    is_begun: bool = False
    is_done: bool = False

    @property
    def span(self) -> int:
        """How many working days lie between its first and its last."""
        return max(self.duration, 1) - 1

    @property
    def is_afterwards(self) -> bool:
        """Test if it belongs after the outcome, where nothing is at stake any more."""
        return self.anchor is Anchor.OUTCOME and self.offset > 0


@dataclass(frozen=True)
class Placed:
    """
    Where an item stands. `start` and `due` are None where nothing says when it should be.

    `slack` is how many working days it may come later without moving what waits for it, the launch or the
    outcome; negative: it is too late already; None: it is done, comes after the outcome, or has no day.
    """

    key: int
    start: date | None
    due: date | None
    slack: int | None
    fits: bool

    @property
    def is_critical(self) -> bool:
        return self.slack is not None and self.slack <= 0


@dataclass(frozen=True)
class Schedule:
    """All items by key; what would land before today; pairs (first, second) of which the first is late."""

    placed: Mapping[int, Placed]
    wont_fit: Sequence[int]
    clashes: Sequence[tuple[int, int]]

    @property
    def critical(self) -> list[int]:
        """The critical path, in the order of its days."""
        path = [one for one in self.placed.values() if one.is_critical]
        return [one.key for one in sorted(path, key=lambda one: (one.start or date.max, one.key))]


class CircularDependency(Exception):
    """Items wait for each other. `circle` are their keys, each waiting for the one before it."""

    def __init__(self, circle: Sequence[int]) -> None:
        super().__init__(" → ".join(str(key) for key in circle))
        self.circle = circle


@dataclass
class _Bounds:
    """Numbers of working days while the pass goes back; None is no bound."""

    start: int | None = None
    due: int | None = None
    late: int | None = None  # how late it could end
    is_fixed: bool = False


_Place = Callable[[Item, Sequence[_Bounds]], tuple[int | None, int | None]]


def back_schedule(
    items: Iterable[Item],
    *,
    launch: date | None,
    outcome: date | None,
    today: date,
    calendar: WorkCalendar,
) -> Schedule:
    """
    Place every item.

    :raises CircularDependency: items wait for each other
    """
    ends = _Ends.of(launch, outcome, calendar)
    return _schedule(items, lambda item, followers: _place(item, followers, ends), ends, today)


def as_it_stands(
    items: Iterable[Item],
    *,
    launch: date | None,
    outcome: date | None,
    today: date,
    calendar: WorkCalendar,
) -> Schedule:
    """
    Leave every item on its days, and tell slack, lateness and clashes of the plan as it is.

    :raises CircularDependency: items wait for each other
    """
    ends = _Ends.of(launch, outcome, calendar)
    return _schedule(items, lambda item, _followers: _stand(item, ends), ends, today)


@dataclass(frozen=True)
class _Ends:
    """The two days that everything counts from, as numbers of working days of this calendar."""

    calendar: WorkCalendar
    numbers: Mapping[Anchor, int | None]

    @classmethod
    def of(cls, launch: date | None, outcome: date | None, calendar: WorkCalendar) -> "_Ends":
        days = {Anchor.LAUNCH: launch, Anchor.OUTCOME: outcome}
        return cls(
            calendar, {each: None if day is None else calendar.number(day) for each, day in days.items()}
        )


def _schedule(items: Iterable[Item], place: _Place, ends: _Ends, today: date) -> Schedule:
    known = {item.key: item for item in items}
    order = ordered(known)
    waiting = _waiting(known)
    bounds: dict[int, _Bounds] = {}
    for key in reversed(order):
        item = known[key]
        followers = [bounds[other] for other in waiting[key] if not known[other].is_done]
        start, due = place(item, followers)
        late = _earliest([_limit(item, ends), *(_late_before(one) for one in followers)])
        bounds[key] = _Bounds(start, due, None if item.is_done else late, item.is_fixed)
    placed = {key: _placed(known[key], bounds[key], today=today, calendar=ends.calendar) for key in order}
    wont_fit = [one.key for one in placed.values() if not one.fits]
    return Schedule(placed, wont_fit, _clashes(known, bounds))


def _place(item: Item, followers: Sequence[_Bounds], ends: _Ends) -> tuple[int | None, int | None]:
    if item.is_fixed:
        return _stand(item, ends)
    anchored = None if item.anchor is None else ends.numbers[item.anchor]
    ceiling = None if anchored is None else anchored + item.offset
    due = _earliest([ceiling, *(None if one.start is None else one.start - 1 for one in followers)])
    return (None if due is None else due - item.span), due


def _stand(item: Item, ends: _Ends) -> tuple[int | None, int | None]:
    if item.due is None:
        return None, None
    due = ends.calendar.number(item.due)
    return (due - item.span if item.start is None else min(ends.calendar.number_from(item.start), due)), due


def _limit(item: Item, ends: _Ends) -> int | None:
    """Return by which day it must be over: the launch, the outcome, or after that the day that it has."""
    if item.anchor is Anchor.LAUNCH and item.offset <= 0:
        return ends.numbers[Anchor.LAUNCH]
    outcome = None if item.anchor is None else ends.numbers[Anchor.OUTCOME]
    if outcome is None or not item.is_afterwards:
        return outcome
    return outcome + item.offset


def _late_before(follower: _Bounds) -> int | None:
    """Return how late something may end that this one waits for: it begins as late as it can itself."""
    if follower.start is None or follower.due is None:
        return None
    if follower.is_fixed:
        return follower.start - 1
    return None if follower.late is None else follower.start - 1 + max(follower.late - follower.due, 0)


def _placed(item: Item, bound: _Bounds, *, today: date, calendar: WorkCalendar) -> Placed:
    start, due = _day(bound.start, item.start, calendar), _day(bound.due, item.due, calendar)
    if item.is_fixed:
        start, due = item.start, item.due
    slack = None
    if bound.late is not None and bound.due is not None and not item.is_afterwards:
        slack = bound.late - bound.due
    return Placed(item.key, start, due, slack, fits=item.is_done or not _is_past(item, start, due, today))


def _day(number: int | None, stands: date | None, calendar: WorkCalendar) -> date | None:
    """Return the day of this number; where the item stands now, if that counts as the same working day."""
    if number is None or (stands is not None and calendar.number(stands) == number):
        return None if number is None else stands
    return calendar.day(number)


def _is_past(item: Item, start: date | None, due: date | None, today: date) -> bool:
    """Test if it would have to begin before today, or be over by then where it has begun."""
    first = due if item.is_begun or start is None else start
    return first is not None and first < today


def _clashes(known: Mapping[int, Item], bounds: Mapping[int, _Bounds]) -> list[tuple[int, int]]:
    found = []
    for key, item in known.items():
        start = bounds[key].start
        for other in () if item.is_done or start is None else item.after:
            due = bounds[other].due if other in bounds and not known[other].is_done else None
            if due is not None and start is not None and due >= start:
                found.append((other, key))
    return found


def _earliest(numbers: Iterable[int | None]) -> int | None:
    return min((number for number in numbers if number is not None), default=None)


def _waiting(known: Mapping[int, Item]) -> dict[int, list[int]]:
    """Return by key who waits for it."""
    waiting: dict[int, list[int]] = {key: [] for key in known}
    for key, item in known.items():
        for other in dict.fromkeys(item.after):
            if other in waiting:
                waiting[other].append(key)
    return waiting


def ordered(known: Mapping[int, Item]) -> list[int]:
    """
    Return the keys so that each comes after all that it waits for.

    :raises CircularDependency: there is no such order
    """
    waiting = _waiting(known)
    open_before = dict.fromkeys(known, 0)
    for followers in waiting.values():
        for key in followers:
            open_before[key] += 1
    ready = deque(key for key, count in open_before.items() if not count)
    order = []
    while ready:
        key = ready.popleft()
        order.append(key)
        for follower in waiting[key]:
            open_before[follower] -= 1
            if not open_before[follower]:
                ready.append(follower)
    if len(order) < len(known):
        raise CircularDependency(_circle(known, {key for key, count in open_before.items() if count}))
    return order


def _circle(known: Mapping[int, Item], left: set[int]) -> list[int]:
    """Return one circle among those that are left over: each of them waits for another one of them."""
    walked: dict[int, None] = {}
    key = next(iter(left))
    while key not in walked:
        walked[key] = None
        key = next(other for other in known[key].after if other in left)
    circle = list(walked)[list(walked).index(key) :]
    circle.reverse()
    return [*circle, circle[0]]


def relation(
    due: date, *, launch: date | None, outcome: date | None, calendar: WorkCalendar
) -> tuple[Anchor, int] | None:
    """
    Return how a day stands to the launch or the outcome: before the launch to it, else to the nearer one.

    None: the campaign has neither date.
    """
    day = calendar.number(due)
    from_launch = None if launch is None else day - calendar.number(launch)
    from_outcome = None if outcome is None else day - calendar.number(outcome)
    if from_launch is None:
        return None if from_outcome is None else (Anchor.OUTCOME, from_outcome)
    if from_outcome is None or from_launch <= 0 or from_launch <= abs(from_outcome):
        return Anchor.LAUNCH, from_launch
    return Anchor.OUTCOME, from_outcome
