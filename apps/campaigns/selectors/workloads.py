"""How much each person has to do, by week."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Case, Count, IntegerField, Q, Value, When

from apps.accounts.models import User
from apps.campaigns.models import Campaign, Task
from apps.campaigns.selectors.task_board import WEEK, weeks_from

PEOPLE = 100  # the busiest; nobody reads more
EARLIER, NO_DAY, LATER = -2, -1, 99


@dataclass(frozen=True)
class Load:
    """
    What one person has open. `by_week` are the weeks of the page; what is late is in its week too.

    `total` is everything: `earlier`, the weeks, `later` and `no_day` together.
    """

    person: User
    overdue: int
    earlier: int
    by_week: list[int]
    later: int
    no_day: int

    @property
    def total(self) -> int:
        return self.earlier + sum(self.by_week) + self.later + self.no_day


@dataclass(frozen=True)
class Workload:
    weeks: list[date]
    loads: list[Load]
    is_cut: bool


def workload(user: User, today: date, *, weeks: int) -> Workload:
    """
    Return the open tasks by person and week, the busiest person first, of campaigns that this person may see.

    Two queries: one that groups and counts, one for names.
    """
    mondays = weeks_from(today, weeks)
    visible = Campaign.objects.visible_to(user).current().order_by().values("pk")
    slots = [When(due_date__lt=monday + WEEK, then=Value(n)) for n, monday in enumerate(mondays)]
    slot = Case(
        When(due_date=None, then=Value(NO_DAY)),
        When(due_date__lt=mondays[0], then=Value(EARLIER)),
        *slots,
        default=Value(LATER),
        output_field=IntegerField(),
    )
    found = Task.objects.open().filter(campaign__in=visible, assignee__isnull=False).order_by()
    grouped = found.annotate(slot=slot).values_list("assignee", "slot")
    counted = grouped.annotate(count=Count("pk"), overdue=Count("pk", filter=Q(due_date__lt=today)))
    by_person: dict[int, dict[int, int]] = {}
    late: dict[int, int] = {}
    for person, place, count, overdue in counted:
        by_person.setdefault(person, {})[place] = count
        late[person] = late.get(person, 0) + overdue
    busiest = sorted(by_person, key=lambda pk: (-sum(by_person[pk].values()), pk))
    people = User.objects.in_bulk(busiest[:PEOPLE])
    loads = [_load(people[pk], by_person[pk], late[pk], weeks) for pk in busiest[:PEOPLE]]
    return Workload(mondays, loads, is_cut=len(busiest) > PEOPLE)


def _load(person: User, counts: dict[int, int], overdue: int, weeks: int) -> Load:
    return Load(
        person=person,
        overdue=overdue,
        earlier=counts.get(EARLIER, 0),
        by_week=[counts.get(week, 0) for week in range(weeks)],
        later=counts.get(LATER, 0),
        no_day=counts.get(NO_DAY, 0),
    )
