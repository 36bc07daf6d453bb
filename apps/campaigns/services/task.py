from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns import challenges, dates
from apps.campaigns.errors import NotEligible, TaskRefused
from apps.campaigns.models import Campaign, Recurrence, Task
from apps.campaigns.selectors.schedule import work_calendar
from apps.campaigns.services.edit import campaign_lock, changes_of, lines_check, row_edit
from apps.campaigns.services.once import creation_key, made_once
from apps.campaigns.services.team import person_check
from apps.collaboration import services as collaboration


def task_add(
    *, campaign: Campaign, title: str, by: User, now: datetime, key: UUID | None = None, **fields: Any
) -> Task:
    """
    Add a task; `fields` are those of `task_update`.

    `key` is the form's: the same form sent twice gives the one task, with other words another one.

    :raises TaskRefused: the channel is of another campaign, the day has passed, or it ends before it begins
    :raises NotEligible: that person cannot be given work, or cannot see the campaign
    """
    made_of = creation_key(key, {"campaign": campaign, "title": title, **fields})

    def make() -> Task:
        locked = campaign_lock(campaign)
        task = Task(campaign=locked, title=title, creation_key=made_of)
        lines_check(Task, {"title": title, **fields})
        _fields_check(task, fields, now=now)
        for field, value in days_of(task, fields).items():
            setattr(task, field, value)
        task.save(force_insert=True)
        collaboration.audit_record(action="task.added", subject=task, by=by, now=now, within=locked)
        return task

    return made_once(Task, made_of, make)


@transaction.atomic
def task_update(*, task: Task, by: User, now: datetime, seen: int | None = None, **fields: Any) -> Task:
    """
    Change what a task says: title, description, channel, assignee, start_date, due_date, is_milestone.

    A day given by hand pins a task that the plan has placed. Without a start, a moved task keeps its length.

    :raises ChangedMeanwhile: somebody changed one of these fields after version `seen`
    :raises TaskRefused: as `task_add`
    :raises NotEligible: as `task_add`
    """
    task = task_lock(task)
    changes = changes_of(task, fields)
    if not changes:
        return task
    _fields_check(task, changes, now=now)
    changes = changes_of(task, days_of(task, {**fields, **changes}))
    return row_edit(task, changes, action="task.changed", by=by, now=now, seen=seen)


@transaction.atomic
def task_remove(*, task: Task, by: User, now: datetime) -> None:
    """
    Take a task away with what was said about it; the campaign's history keeps that it was there.

    The last one of a series ends it.

    :raises HeldByChallenge: it is challenged: the question would go with it
    """
    campaign = campaign_lock(task.campaign)
    challenges.hold_check(task)
    # The last of a series is the pattern of the next: without it there is none.
    Recurrence.objects.filter(tasks=task, tasks__occurrence=F("made"), stopped_at=None).update(stopped_at=now)
    count, _rows = Task.objects.filter(pk=task.pk).delete()
    if count:
        collaboration.thread_remove(subject=task)
        details: dict[str, object] = {"task": task.title}
        collaboration.audit_record(action="task.removed", subject=campaign, by=by, now=now, details=details)


def task_lock(task: Task) -> Task:
    """
    Return the task as it is now, locked behind its campaign.

    :raises PutAway: the campaign is archived
    """
    campaign_lock(task.campaign)
    return Task.objects.select_for_update(no_key=True, of=("self",)).get(pk=task.pk)


def _assignee_check(campaign: Campaign, person: User | None) -> None:
    person_check(person, field="assignee")
    if person is not None and not Campaign.objects.visible_to(person).filter(pk=campaign.pk).exists():
        said = _("%(person)s cannot see this campaign. Take them onto its team first.")
        raise NotEligible(said % {"person": person}, field="assignee")


def _fields_check(task: Task, changes: Mapping[str, Any], *, now: datetime) -> None:
    channel = changes.get("channel")
    if channel is not None and channel.campaign_id != task.campaign_id:
        raise TaskRefused(_("That channel is of another campaign."), field="channel")
    _assignee_check(task.campaign, changes.get("assignee"))
    if told := dates.range_problem(changes.get("start_date")):
        raise TaskRefused(told, field="start_date")
    due = changes.get("due_date")
    if told := dates.range_problem(due) or dates.past_problem(due, now=now):
        raise TaskRefused(told, field="due_date")


def days_of(task: Task, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return what is wanted of a task with what its days say of each other: start, due, how long it takes.

    :raises TaskRefused: it ends before it begins
    """
    said = dict(wanted)
    start, due = said.get("start_date", task.start_date), said.get("due_date", task.due_date)
    is_milestone = said.get("is_milestone", task.is_milestone)
    if (start, due, is_milestone) == (task.start_date, task.due_date, task.is_milestone):
        return said
    if due is None or start is None:
        length = {"duration_days": 1} if is_milestone else {}
    elif is_milestone:
        start, length = due, {"duration_days": 1}
    elif "start_date" not in said:
        start, length = work_calendar().start(due, task.duration_days), {}
    elif due < start:
        raise TaskRefused(_("The task ends before it begins."), field="due_date")
    else:
        length = {"duration_days": max(work_calendar().count(start, due), 1)}
    # The plan has placed it, and would undo at its next move what was written by hand.
    is_by_hand = bool(task.anchor) and (start, due) != (task.start_date, task.due_date)
    pinned = {"is_pinned": due is not None} if is_by_hand else {}
    return {**said, "start_date": start, "due_date": due, **length, **pinned}
