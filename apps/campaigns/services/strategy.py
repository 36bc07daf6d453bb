"""Acts on the strategy: the goals of a year, and what is left alone."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns.errors import StrategyRefused
from apps.campaigns.models import Campaign, NotDoing, YearGoal
from apps.campaigns.services.edit import changes_of, lines_check, row_edit
from apps.campaigns.services.team import person_check
from apps.collaboration import services as collaboration

T = TypeVar("T")


def year_goal_add(*, year: int, name: str, by: User, now: datetime, **fields: Any) -> YearGoal:
    """
    Add a goal to a year, after its others.

    :raises StrategyRefused: the year has a goal of that name already
    :raises NotEligible: that person cannot own one
    """
    lines_check(YearGoal, {"name": name, **fields})
    person_check(fields.get("owner"), field="owner")

    def make() -> YearGoal:
        last = _year_lock(year)[-1:]
        position = last[0].position + 1 if last else 0
        goal = YearGoal.objects.create(year=year, name=name, position=position, **fields)
        collaboration.audit_record(action="yeargoal.added", subject=goal, by=by, now=now)
        return goal

    return _named_once(make)


def year_goal_update(
    *, goal: YearGoal, by: User, now: datetime, seen: int | None = None, **fields: Any
) -> YearGoal:
    """
    Change a goal; its year stays.

    :raises ChangedMeanwhile: somebody changed one of these fields after version `seen`
    :raises StrategyRefused: as `year_goal_add`
    :raises NotEligible: as `year_goal_add`
    """

    def change() -> YearGoal:
        locked = YearGoal.objects.select_for_update(no_key=True).get(pk=goal.pk)
        changes = changes_of(locked, fields)
        if not changes:
            return locked
        person_check(changes.get("owner"), field="owner")
        return row_edit(locked, changes, action="yeargoal.changed", by=by, now=now, seen=seen)

    return _named_once(change)


@transaction.atomic
def year_goal_move(*, goal: YearGoal, position: int, by: User, now: datetime) -> None:
    """Put a goal at a place of its year, 0 being the first. Where it is already does nothing."""
    goals = _year_lock(goal.year)
    here, there = goals.index(goal), min(position, len(goals) - 1)
    if here == there:
        return
    goals.insert(there, goals.pop(here))
    for place, each in enumerate(goals):
        each.position = place
    YearGoal.objects.bulk_update(goals, ["position"])
    details: dict[str, object] = {"order": [each.name for each in goals]}
    collaboration.audit_record(action="yeargoal.reordered", subject=goal, by=by, now=now, details=details)


@transaction.atomic
def year_goal_remove(*, goal: YearGoal, by: User, now: datetime) -> int:
    """Take a goal off its year, and return how many campaigns stand without a goal because of it."""
    if not YearGoal.objects.select_for_update().filter(pk=goal.pk).exists():
        return 0
    left = list(Campaign.objects.filter(year_goal=goal).only("pk", "name"))
    collaboration.audit_record_many(
        action="campaign.goal_gone", subjects=left, by=by, now=now, details={"goal": goal.name}
    )
    details: dict[str, object] = {"campaigns": len(left)}
    collaboration.audit_record(action="yeargoal.removed", subject=goal, by=by, now=now, details=details)
    YearGoal.objects.filter(pk=goal.pk).delete()
    return len(left)


def not_doing_add(
    *, year: int, reason: str, by: User, now: datetime, kind: str = "", practice: str = ""
) -> NotDoing:
    """
    Say that a channel, or a practice, is left alone for a year.

    :raises StrategyRefused: both or neither are named, or it is on the list already
    """
    lines_check(NotDoing, {"practice": practice})
    _one_of_both(kind, practice)

    def make() -> NotDoing:
        entry = NotDoing.objects.create(year=year, kind=kind, practice=practice, reason=reason)
        collaboration.audit_record(action="notdoing.added", subject=entry, by=by, now=now)
        return entry

    return _listed_once(make)


def not_doing_update(
    *, entry: NotDoing, by: User, now: datetime, seen: int | None = None, **fields: Any
) -> NotDoing:
    """
    Change what is left alone, or why; its year stays.

    :raises ChangedMeanwhile: somebody changed one of these fields after version `seen`
    :raises StrategyRefused: as `not_doing_add`
    """

    def change() -> NotDoing:
        locked = NotDoing.objects.select_for_update(no_key=True).get(pk=entry.pk)
        changes = changes_of(locked, fields)
        if not changes:
            return locked
        _one_of_both(changes.get("kind", locked.kind), changes.get("practice", locked.practice))
        return row_edit(locked, changes, action="notdoing.changed", by=by, now=now, seen=seen)

    return _listed_once(change)


@transaction.atomic
def not_doing_remove(*, entry: NotDoing, by: User, now: datetime) -> None:
    """Take something off the list: it may be done again, and no campaign has to say why."""
    count, _rows = NotDoing.objects.filter(pk=entry.pk).delete()
    if count:
        collaboration.audit_record(action="notdoing.removed", subject=entry, by=by, now=now)


def _year_lock(year: int) -> list[YearGoal]:
    goals = YearGoal.objects.filter(year=year).order_by("position", "pk")
    return list(goals.select_for_update(no_key=True))


def _one_of_both(kind: str, practice: str) -> None:
    if bool(kind) == bool(practice.strip()):
        raise StrategyRefused(_("Name a channel or a practice, one of the two."), field="practice")


def _named_once(act: Callable[[], T]) -> T:
    return _once(act, StrategyRefused(_("This year has a goal of that name already."), field="name"))


def _listed_once(act: Callable[[], T]) -> T:
    return _once(act, StrategyRefused(_("This is on the year's list already."), field="practice"))


def _once(act: Callable[[], T], refusal: StrategyRefused) -> T:
    """Do it in one transaction; the database knows whether somebody else was first."""
    try:
        with transaction.atomic():
            return act()
    except IntegrityError as error:
        raise refusal from error
