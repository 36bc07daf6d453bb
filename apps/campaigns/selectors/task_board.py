"""Tasks of many campaigns, narrowed by one filter, and shown as list, board and calendar."""

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, OuterRef, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from apps.accounts.models import User
from apps.campaigns.models import Campaign, Task, TaskQuerySet
from apps.campaigns.selectors.blocked import IS_STUCK, Stuck, stuck, with_stuck
from apps.core.pagination import cursor_after, keyset_page

State = Task.State
PER_COLUMN = 15  # cards of one column of the board that are there at once
PER_DAY = 4  # tasks of one day of the calendar that are there at once
DAY_MORE = 50  # of its others, that come at a time
DAY_ORDER = ["is_behind", "pk"]
CHOICES = 300  # campaigns and people that a filter offers
WEEK = timedelta(days=7)
WEEKS = 6  # of this one and those to come, that a filter offers and the workload shows
OVERDUE, LATER, NO_DAY, NOBODY = "overdue", "later", "none", "none"
BLOCKED, FREE = "blocked", "free"


@dataclass(frozen=True)
class TaskFilter:
    """
    What is asked of the tasks; what is empty narrows nothing.

    `state` is a state or `open`; `due` is `overdue`, `later`, `none` or the Monday of a week; `assignee` is a
    key or `none`; `going` is `blocked` (it waits for an open task, or a challenge holds it) or `free`.
    """

    campaign: int | None = None
    assignee: str = ""
    channel: str = ""
    state: str = ""
    due: str = ""
    day: date | None = None
    going: str = ""
    search: str = ""


@dataclass(frozen=True)
class Column:
    """One column of the board: its first cards, how many there are in all, the cursor of the next or ''."""

    state: State
    cards: list[Task]
    count: int
    after: str


@dataclass
class Day:
    """
    One day of the calendar: tasks of it, what is open first, and the way to the others.

    `left` is how many there are besides; `after` is the cursor of the next of them, '' if there is none.
    """

    date: date
    is_in_month: bool = True
    tasks: list[Task] = field(default_factory=list)
    left: int = 0
    after: str = ""


@dataclass(frozen=True)
class Month:
    """Whole weeks from Monday, each day with its first tasks."""

    first: date
    weeks: list[list[Day]]

    @property
    def tasks(self) -> list[Task]:
        return [task for week in self.weeks for day in week for task in day.tasks]

    @property
    def previous(self) -> date:
        return (self.first - timedelta(days=1)).replace(day=1)

    @property
    def next(self) -> date:
        return (self.first + timedelta(days=31)).replace(day=1)


def tasks_found(user: User, asked: TaskFilter, *, today: date, is_mine: bool = False) -> TaskQuerySet:
    """Return the tasks that this person may see, narrowed, with all that a row or a card shows."""
    found = Task.objects.filter(campaign__archived_at__isnull=True)
    if asked.campaign is not None:
        found = Task.objects.filter(campaign=asked.campaign)  # those of one that was put away too
    if is_mine:
        found = found.of(user)
    else:
        found = found.filter(campaign__in=Campaign.objects.visible_to(user).order_by().values("pk"))
    if asked.search:
        found = found.filter(title__icontains=asked.search)
    if asked.channel:
        found = found.filter(channel__kind=asked.channel)
    if asked.assignee:
        found = found.filter(assignee=None if asked.assignee == NOBODY else int(asked.assignee))
    if asked.day:
        found = found.filter(due_date=asked.day)
    if asked.state:
        found = found.open() if asked.state == "open" else found.filter(state=asked.state)
    return tasks_going(_by_due(found, asked.due, today=today), asked.going).with_card()


def tasks_going(found: TaskQuerySet, going: str) -> TaskQuerySet:
    """Return the open ones that are `blocked`, or `free` to go on; all where neither is asked for."""
    if not going:
        return found
    marked = with_stuck(found.open())
    return marked.filter(IS_STUCK) if going == BLOCKED else marked.exclude(IS_STUCK)


def _by_due(found: TaskQuerySet, due: str, *, today: date) -> TaskQuerySet:
    if not due:
        return found
    if due == OVERDUE:
        return found.overdue(on=today)
    if due == NO_DAY:
        return found.filter(due_date=None)
    if due == LATER:
        return found.filter(due_date__gte=weeks_from(today, WEEKS)[-1] + WEEK)
    monday = date.fromisoformat(due)
    return found.filter(due_date__gte=monday, due_date__lt=monday + WEEK)


def task_columns(found: TaskQuerySet, *, states: Sequence[State]) -> list[Column]:
    """Return the columns in the order of places, what was done last on top: a query each, one for counts."""
    counts = dict(found.order_by().values_list("state").annotate(count=Count("pk")))
    columns = []
    for state in states:
        # A column known to be empty is not asked.
        cards, after = task_column_next(found, state) if counts.get(state) else ([], "")
        columns.append(Column(state, cards, counts.get(state, 0), after))
    return columns


def task_column_next(found: TaskQuerySet, state: State, *, cursor: str = "") -> tuple[list[Task], str]:
    """Return the cards of a column after this cursor, and the cursor of those after them."""
    order = "-place" if state == State.DONE else "place"
    page = keyset_page(found.filter(state=state), ordering=[order], cursor=cursor, size=PER_COLUMN)
    return page.rows, page.older


def task_month(found: TaskQuerySet, first: date) -> Month:
    """
    Return the weeks of the month that begins on `first`, each day with its first tasks and how many more.

    Two queries: which are the first of their day, and these.
    """
    weeks = [
        [Day(day, day.month == first.month) for day in week]
        for week in calendar.Calendar().monthdatescalendar(first.year, first.month)
    ]
    by_date = {day.date: day for week in weeks for day in week}
    sizes = _day_firsts(found.filter(due_date__range=(min(by_date), max(by_date))))
    shown = _by_day(Task.objects.filter(pk__in=sizes).with_card())
    for task in shown.order_by("due_date", *DAY_ORDER):
        assert task.due_date is not None
        by_date[task.due_date].tasks.append(task)
    for day in by_date.values():
        if day.tasks and (left := sizes[day.tasks[-1].pk] - len(day.tasks)) > 0:
            day.left = left
            day.after = cursor_after(shown, day.tasks[-1], ordering=DAY_ORDER)
    return Month(first, weeks)


def task_day_next(found: TaskQuerySet, day: date, *, cursor: str = "") -> Day:
    """Return the tasks of this day after the cursor, and how many come after them. One query."""
    # Counted after the cursor and before the limit: what is left is exact, whatever has changed meanwhile.
    counted = _by_day(found.filter(due_date=day)).annotate(left=Window(Count("pk")))
    page: Any = keyset_page(counted, ordering=DAY_ORDER, cursor=cursor, size=DAY_MORE)
    left = page.rows[0].left - len(page.rows) if page.rows else 0
    return Day(day, tasks=page.rows, left=left, after=page.older)


def _by_day(found: TaskQuerySet) -> TaskQuerySet:
    """Add `is_behind`, by which a day is ordered: what is done stands after what is to do."""
    is_done = ExpressionWrapper(Q(state=State.DONE), output_field=BooleanField())
    return found.annotate(is_behind=is_done)


def _day_firsts(found: TaskQuerySet) -> dict[int, int]:
    """Return the keys of the first tasks of each day, with how many that day has in all."""
    day = "due_date"
    ranked = _by_day(found.order_by()).annotate(
        nth=Window(RowNumber(), partition_by=day, order_by=DAY_ORDER),
        of_day=Window(Count("pk"), partition_by=day),
    )
    return dict(ranked.filter(nth__lte=PER_DAY).values_list("pk", "of_day"))


def tasks_mark(tasks: Iterable[Task], user: User) -> list[Task]:
    """
    Say of each task whether this person may say how far it is, whether it waits for another one, and whether
    a challenge holds it.
    """
    marked = list(tasks)
    return tasks_mark_as(marked, user, stuck(marked))


def tasks_mark_as(tasks: Sequence[Task], user: User, found: Stuck) -> list[Task]:
    """Say the same where it is known already what cannot go on."""
    marked, (blocked, held) = list(tasks), found
    for task in marked:
        task.may_move = task.campaign.archived_at is None and user.has_perm("campaigns.move_task", task)
        task.is_blocked = task.pk in blocked
        task.is_held = task.pk in held
    return marked


def campaigns_with_tasks(user: User, *, is_mine: bool) -> list[tuple[int, str]]:
    """Return the campaigns a filter offers: those in which something is open, by name."""
    tasks = Task.objects.open().filter(campaign=OuterRef("pk")).order_by()
    if is_mine:
        tasks = tasks.of(user)
    found = Campaign.objects.visible_to(user).current().filter(Exists(tasks)).order_by("name", "pk")
    return list(found.values_list("pk", "name")[:CHOICES])


def people_with_tasks(user: User) -> QuerySet[User]:
    """Return those who have something open in a campaign that this person may see, by name."""
    campaigns = Campaign.objects.visible_to(user).current().order_by().values("pk")
    tasks = Task.objects.open().filter(assignee=OuterRef("pk"), campaign__in=campaigns).order_by()
    found: QuerySet[User] = User.objects.filter(Exists(tasks)).order_by("name", "pk")[:CHOICES]
    return found


def weeks_from(today: date, count: int) -> list[date]:
    """Return the Mondays of this week and of those after it."""
    monday = today - timedelta(days=today.weekday())
    return [monday + n * WEEK for n in range(count)]
