"""How a campaign's plan stands, and what would move if its dates did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from hashlib import blake2b
from typing import TypedDict

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef

from apps.campaigns import scheduling
from apps.campaigns.dates import day_begun
from apps.campaigns.models import Campaign, Holiday, PlanMove, Task, TaskDependency, WorkWeek
from apps.campaigns.scheduling import Anchor, Item, Placed, Schedule
from apps.campaigns.workdays import WorkCalendar

DATES = ("launch_date", "goal_date")


@dataclass(frozen=True)
class TaskMove:
    """One task with where it would stand; `task` itself says where it stands now."""

    task: Task
    start: date | None
    due: date | None

    @property
    def is_elsewhere(self) -> bool:
        """Test if it moves at all; a start that nobody has said is not said by that."""
        begins = self.task.start_date
        return self.due != self.task.due_date or (begins is not None and self.start != begins)

    @property
    def as_row(self) -> list[int | str | None]:
        """As `PlanMove.tasks` keeps it."""
        days = [self.task.start_date, self.task.due_date, self.start, self.due]
        return [self.task.pk, *(None if day is None else day.isoformat() for day in days)]


@dataclass(frozen=True)
class PlanPreview:
    """
    What follows from these dates: who moves, who is pinned and stays, what would land before today.

    `fingerprint` changes with any of it: what is confirmed is what was shown.
    """

    launch_date: date | None
    goal_date: date | None
    moves: Sequence[TaskMove]
    pinned: Sequence[Task]
    wont_fit: Sequence[TaskMove]
    clashes: Sequence[tuple[Task, Task]]
    fingerprint: str


@dataclass(frozen=True)
class Plan:
    """
    A campaign's tasks in the order of their days, with how the schedule sees each.

    `adrift` is how many stand elsewhere than the plan would put them.
    """

    tasks: Sequence[Task]
    schedule: Schedule
    adrift: int

    @property
    def wont_fit(self) -> list[Task]:
        late = set(self.schedule.wont_fit)
        return [task for task in self.tasks if task.pk in late]

    @cached_property
    def by_pk(self) -> dict[int, Task]:
        return {task.pk: task for task in self.tasks}

    @cached_property
    def dependencies(self) -> list[tuple[Task, Task]]:
        """Pairs of which the second waits for the first."""
        return [(self.by_pk[key], task) for task in self.tasks for key in _after(task)]

    @property
    def clashes(self) -> list[tuple[Task, Task]]:
        """Pairs of which the first, pinned or moved by hand, ends too late for the second."""
        return [(self.by_pk[first], self.by_pk[second]) for first, second in self.schedule.clashes]

    @cached_property
    def holding(self) -> dict[int, list[Task]]:
        """By id of what is not done: the tasks that are not done and that it waits for."""
        found: dict[int, list[Task]] = {}
        for first, second in self.dependencies:
            if not first.is_done and not second.is_done:
                found.setdefault(second.pk, []).append(first)
        return found

    def placed(self, task: Task) -> Placed:
        return self.schedule.placed[task.pk]


def work_calendar() -> WorkCalendar:
    """Return the working days of the organisation, in one query once somebody has said which they are."""
    holidays = ArraySubquery(Holiday.objects.values("date"))
    week = WorkWeek.objects.filter(pk=1).values_list("weekend", holidays).first()
    if week is None:
        week = WorkWeek(pk=1).weekend, Holiday.objects.values_list("date", flat=True)
    weekend, free = week
    return WorkCalendar(frozenset(weekend), frozenset(free))


def plan(campaign: Campaign, *, today: date) -> Plan:
    """Return how the plan stands: nothing is moved, only slack and lateness are told. Two queries."""
    tasks, calendar = _tasks(campaign), work_calendar()
    launch, goal = campaign.launch_date, campaign.goal_date
    items = [_item(task, launch=launch, goal=goal, calendar=calendar) for task in tasks]
    days: _Days = {"launch": launch, "outcome": goal, "today": today, "calendar": calendar}
    ideal = _preview(tasks, scheduling.back_schedule(items, **days), launch_date=launch, goal_date=goal)
    return Plan(tasks, scheduling.as_it_stands(items, **days), adrift=len(ideal.moves))


class _Days(TypedDict):
    launch: date | None
    outcome: date | None
    today: date
    calendar: WorkCalendar


def _tasks(campaign: Campaign) -> list[Task]:
    """Return all tasks with `after`: what each waits for, read in the same moment."""
    waits = TaskDependency.objects.filter(successor=OuterRef("pk")).order_by("pk").values("predecessor")
    return list(campaign.tasks.select_related("assignee", "channel").annotate(after=ArraySubquery(waits)))


def plan_preview(
    campaign: Campaign, *, launch_date: date | None, goal_date: date | None, today: date
) -> PlanPreview:
    """Compute what would follow from these dates; the campaign says which hold now. Two queries."""
    tasks, calendar = _tasks(campaign), work_calendar()
    items = [
        _item(task, launch=campaign.launch_date, goal=campaign.goal_date, calendar=calendar) for task in tasks
    ]
    schedule = scheduling.back_schedule(
        items, launch=launch_date, outcome=goal_date, today=today, calendar=calendar
    )
    return _preview(tasks, schedule, launch_date=launch_date, goal_date=goal_date)


def move_preview(campaign: Campaign, days: Mapping[str, date | None], *, now: datetime) -> PlanPreview:
    """Compute what would follow from these days of a campaign, by field; those that are not named stay."""
    launch, goal = (days.get(name, getattr(campaign, name)) for name in DATES)
    return plan_preview(campaign, launch_date=launch, goal_date=goal, today=day_begun(now))


def _preview(
    tasks: Sequence[Task], schedule: Schedule, *, launch_date: date | None, goal_date: date | None
) -> PlanPreview:
    by_key = {task.pk: task for task in tasks}
    ways = {
        key: TaskMove(by_key[key], one.start, one.due)
        for key, one in schedule.placed.items()
        if one.due is not None
    }
    moves = [way for way in ways.values() if way.is_elsewhere]
    moves.sort(key=lambda way: (way.due or date.max, way.task.pk))
    rows = [way.as_row for way in moves]
    said = repr((launch_date, goal_date, rows, sorted(schedule.wont_fit)))
    return PlanPreview(
        launch_date=launch_date,
        goal_date=goal_date,
        moves=moves,
        pinned=[task for task in tasks if task.is_pinned and not task.is_done],
        wont_fit=[ways[key] for key in schedule.wont_fit if key in ways],
        clashes=[(by_key[first], by_key[second]) for first, second in schedule.clashes],
        fingerprint=blake2b(said.encode(), digest_size=16).hexdigest(),
    )


def _after(task: Task) -> Sequence[int]:
    after: Sequence[int] = task.after  # type: ignore[attr-defined]  # annotated by `_tasks`
    return after


def _item(task: Task, *, launch: date | None, goal: date | None, calendar: WorkCalendar) -> Item:
    """Return the task as the schedule sees it; without an anchor it keeps its distance to the nearest."""
    anchored: tuple[Anchor, int] | None = None
    if task.anchor:
        anchored = Anchor(task.anchor), task.offset_days
    elif task.due_date is not None:
        anchored = scheduling.relation(task.due_date, launch=launch, outcome=goal, calendar=calendar)
    stays = task.is_pinned or task.is_done or (anchored is None and task.due_date is not None)
    return Item(
        key=task.pk,
        duration=task.duration_days,
        anchor=anchored[0] if anchored else None,
        offset=anchored[1] if anchored else 0,
        after=_after(task),
        start=task.start_date,
        due=task.due_date,
        is_fixed=stays,
        is_begun=task.state == Task.State.DOING,
        is_done=task.is_done,
    )


def latest_move(campaign: Campaign) -> PlanMove | None:
    """Return the move that can be taken back: the latest, unless the dates have been changed since."""
    move = campaign.plan_moves.select_related("by").order_by("-pk").first()
    if move is None or move.undone_at is not None:
        return None
    stands = (campaign.launch_date, campaign.goal_date) == (move.launch_after, move.goal_after)
    return move if stands else None


def neighbours(task: Task) -> tuple[list[Task], list[Task]]:
    """Return what a task waits for, done or not, and what waits for it. One query."""
    before = TaskDependency.objects.filter(successor=task).values("predecessor")
    after = TaskDependency.objects.filter(predecessor=task).values("successor")
    found = Task.objects.filter(pk__in=before.union(after)).annotate(
        is_before=Exists(before.filter(predecessor=OuterRef("pk")))
    )
    waits_for: list[Task] = []
    holds_up: list[Task] = []
    for other in found.order_by("due_date", "pk"):
        (waits_for if other.is_before else holds_up).append(other)  # type: ignore[attr-defined]  # annotated
    return waits_for, holds_up
