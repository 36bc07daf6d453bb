"""The plan as a picture: where its bars and lines stand. Left to right in percent, downwards in pixels."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from apps.campaigns.models import Campaign, Task
from apps.campaigns.scheduling import Placed
from apps.campaigns.selectors.schedule import Plan

ROW, HEAD, FOOT = 34, 64, 22
BAR = 16
ROWS_MAX = 300
# Room left and right of the first and last day, so that marks on them are seen whole.
LEFT, RIGHT = 1.0, 98.5
LABEL = 6.0  # half of a short label on a phone, in percent
TICKS = 9
TICK_WIDTH = 8.0  # of its day, written to the right of it
WEEK = 7
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Row:
    """One task with its days; `x` and `width` in percent, `y` the middle of its row in pixels."""

    task: Task
    placed: Placed
    waits_for: Sequence[Task]
    x: str
    width: str
    y: int
    bar_y: int

    @property
    def slack(self) -> int | None:
        return self.placed.slack


@dataclass(frozen=True)
class Wait:
    """A line from the end of one task down or up to the row of another one, and along it to its beginning."""

    x: str
    from_y: int
    to_x: str
    to_y: int
    is_critical: bool


@dataclass(frozen=True)
class Mark:
    x: str
    label: str
    day: date

    @property
    def is_at_edge(self) -> bool:
        """Test if a label that is centred here would be cut at the left."""
        return _at(self) < LEFT + LABEL


@dataclass(frozen=True)
class Timeline:
    rows: Sequence[Row]
    undated: Sequence[Task]
    more: int  # tasks beyond those that are drawn
    waits: Sequence[Wait]
    ticks: Sequence[Mark]
    launch: Mark | None
    outcome: Mark | None
    today: Mark | None
    after_outcome: str  # how wide the part beyond the outcome is
    height: int
    body: int  # where the rows end


class _Axis:
    def __init__(self, first: date, last: date) -> None:
        self.first, self.last = first, max(last, first + ONE_DAY)

    def at(self, day: date, *, ends: int = 0) -> float:
        """Return where a day begins, or with `ends=1` where it ends."""
        share = ((day - self.first).days + ends) / ((self.last - self.first).days + 1)
        return LEFT + share * (RIGHT - LEFT)

    def mark(self, day: date | None, label: str) -> Mark | None:
        if day is None or not self.first <= day <= self.last:
            return None
        return Mark(_percent(self.at(day, ends=1)), label, day)


def timeline(campaign: Campaign, plan: Plan, *, today: date, labels: tuple[str, str, str]) -> Timeline:
    """Draw the plan; `labels` are what launch, outcome and today are called."""
    dated = [task for task in plan.tasks if task.due_date is not None]
    dated.sort(
        key=lambda task: (task.start_date or task.due_date or date.max, task.due_date or date.max, task.pk)
    )
    shown = dated[:ROWS_MAX]
    axis = _axis(campaign, shown, today)
    rows = [_row(task, number, plan, axis) for number, task in enumerate(shown)]
    launch, outcome = axis.mark(campaign.launch_date, labels[0]), axis.mark(campaign.goal_date, labels[1])
    body = HEAD + ROW * len(rows)
    return Timeline(
        rows=rows,
        undated=[task for task in plan.tasks if task.due_date is None][:ROWS_MAX],
        more=len(dated) - len(shown),
        waits=_waits(rows, plan, axis),
        ticks=_ticks(axis, [_at(mark) for mark in (launch, outcome) if mark]),
        launch=launch,
        outcome=outcome,
        today=axis.mark(today, labels[2]),
        after_outcome=_percent(100 - _at(outcome)) if outcome else "",
        height=body + FOOT,
        body=body,
    )


def _axis(campaign: Campaign, tasks: Sequence[Task], today: date) -> _Axis:
    """Return the axis: it ends with the outcome, unless something comes after it."""
    days = [day for task in tasks for day in (task.start_date, task.due_date) if day is not None]
    days += [day for day in (campaign.launch_date, campaign.goal_date) if day is not None]
    days = days or [today]
    first, last = min(days), max(days)
    # Today is in the picture unless the plan is far away from it.
    near = max((last - first) // 2, WEEK * ONE_DAY)
    return _Axis(
        today if first - near <= today < first else first, today if last < today <= last + near else last
    )


def _row(task: Task, number: int, plan: Plan, axis: _Axis) -> Row:
    due = task.due_date or axis.last
    start = task.start_date or due
    x = axis.at(due, ends=1) if task.is_milestone else axis.at(start)
    y = HEAD + ROW * number + ROW // 2
    width = axis.at(due, ends=1) - axis.at(start)
    return Row(
        task=task,
        placed=plan.placed(task),
        waits_for=plan.holding.get(task.pk, []),
        x=_percent(x),
        width=_percent(width),
        y=y,
        bar_y=y - BAR // 2,
    )


def _waits(rows: Sequence[Row], plan: Plan, axis: _Axis) -> list[Wait]:
    by_pk = {row.task.pk: row for row in rows}
    found = []
    for before, after in plan.dependencies:
        first, second = by_pk.get(before.pk), by_pk.get(after.pk)
        if first is None or second is None:
            continue
        end = axis.at(first.task.due_date or axis.last, ends=1)
        is_critical = first.placed.is_critical and second.placed.is_critical
        found.append(Wait(_percent(end), first.y, second.x, second.y, is_critical))
    return found


def _ticks(axis: _Axis, lines: Sequence[float]) -> list[Mark]:
    """Return Mondays, as many as there is room for; none whose day a line crosses, or the edge cuts off."""
    step = max(-(-((axis.last - axis.first).days // WEEK) // TICKS), 1) * WEEK
    day = axis.first + ONE_DAY * (-axis.first.weekday() % WEEK)
    found = []
    while day <= axis.last:
        x = axis.at(day)
        if x + TICK_WIDTH <= 100 and not any(x <= line <= x + TICK_WIDTH for line in lines):
            found.append(Mark(_percent(x), "", day))
        day += ONE_DAY * step
    return found


def _at(mark: Mark) -> float:
    return float(mark.x.rstrip("%"))


def _percent(value: float) -> str:
    return f"{value:.2f}%"
