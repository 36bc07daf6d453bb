"""Tasks that come again: the next is made when the last is done, or on its day, whichever is first."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns import dates
from apps.campaigns.errors import Refused, TaskRefused
from apps.campaigns.models import Campaign, ChecklistItem, Recurrence, Task
from apps.campaigns.services.edit import campaign_lock, changes_of, row_edit
from apps.campaigns.services.task import task_lock
from apps.collaboration import services as collaboration

BATCH = 50  # of one ring: the bell rings again soon


@transaction.atomic
def recurrence_set(
    *,
    task: Task,
    unit: str,
    every: int,
    by: User,
    now: datetime,
    ends_date: date | None = None,
    times: int | None = None,
    seen: int | None = None,
) -> Recurrence:
    """
    Let a task come again, or change how it does: the days count from the day when this one is due.

    :raises TaskRefused: the task has no day, or the end lies before what is there already
    :raises ChangedMeanwhile: somebody changed one of these fields after version `seen`
    """
    task = task_lock(task)
    wanted = {"unit": unit, "every": every, "ends_date": ends_date, "times": times}
    recurrence = _running(task)
    if task.due_date is None:
        raise TaskRefused(_("A task that comes again needs a day on which it is due."), field="every")
    _end_check(task.due_date, recurrence, ends_date=ends_date, times=times)
    if recurrence is not None:
        changes = changes_of(recurrence, wanted)
        if not changes:
            return recurrence
        if {"unit", "every"} & changes.keys():
            Recurrence.objects.filter(pk=recurrence.pk).update(first_date=task.due_date)
            recurrence.first_date = task.due_date
        return row_edit(recurrence, changes, action="recurrence.changed", by=by, now=now, seen=seen)
    recurrence = Recurrence.objects.create(campaign=task.campaign, first_date=task.due_date, **wanted)
    Task.objects.filter(pk=task.pk).update(recurrence=recurrence, occurrence=1)
    collaboration.audit_record(
        action="recurrence.set", subject=recurrence, by=by, now=now, within=task.campaign
    )
    return recurrence


@transaction.atomic
def recurrence_stop(*, recurrence: Recurrence, by: User, now: datetime) -> None:
    """Let it come no more; what has been made stays. Stopping it twice does nothing."""
    campaign_lock(recurrence.campaign)
    recurrence = Recurrence.objects.get(pk=recurrence.pk)
    if recurrence.is_running:
        _stop(recurrence, by=by, now=now)


def recurrence_follow(*, task: Task, by: User | None, now: datetime) -> Task | None:
    """
    Make what follows upon this task, if it is the last of a running series; None: nothing does.

    The caller has locked the campaign. However often it is asked, each number is made once.
    """
    recurrence = _running(task)
    if recurrence is None or task.occurrence != recurrence.made:
        return None
    today = now.date()
    # What was done late does not come again on days that have passed.
    due = recurrence.next_after(max(task.due_date or recurrence.first_date, today - timedelta(days=1)))
    is_over = recurrence.times is not None and recurrence.made >= recurrence.times
    if is_over or due > dates.LAST or (recurrence.ends_date is not None and due > recurrence.ends_date):
        _stop(recurrence, by=by, now=now)
        return None
    recurrence.made += 1
    Recurrence.objects.filter(pk=recurrence.pk).update(made=recurrence.made)
    following = _copy(task, recurrence, due)
    collaboration.audit_record(
        action="task.repeated", subject=following, by=by, now=now, within=task.campaign
    )
    return following


def recurrences_run(*, now: datetime) -> int:
    """Make what is to follow upon tasks whose day has come, done or not; return how many were made."""
    made = 0
    for pk in _due(now.date()):
        with transaction.atomic():
            recurrence = Recurrence.objects.select_related("campaign").get(pk=pk)
            try:
                campaign_lock(recurrence.campaign)
            except Refused:
                continue  # put away since it was looked for
            last = Task.objects.filter(recurrence=pk, due_date__lte=now.date())
            task = last.select_related("campaign").order_by("-occurrence").first()
            made += bool(task and recurrence_follow(task=task, by=None, now=now))
    return made


def _due(today: date) -> list[int]:
    last = Task.objects.filter(recurrence=OuterRef("pk"), occurrence=OuterRef("made"), due_date__lte=today)
    running = Recurrence.objects.filter(stopped_at=None, campaign__archived_at=None)
    running = running.exclude(campaign__stage=Campaign.Stage.CLOSED)
    return list(running.filter(Exists(last.order_by())).order_by("pk").values_list("pk", flat=True)[:BATCH])


def _running(task: Task) -> Recurrence | None:
    """Return the series as it is now: the argument's own may be stale."""
    return Recurrence.objects.select_related("campaign").filter(tasks=task, stopped_at=None).first()


def _end_check(
    due: date, recurrence: Recurrence | None, *, ends_date: date | None, times: int | None
) -> None:
    if told := dates.range_problem(ends_date):
        raise TaskRefused(told, field="ends_date")
    if ends_date is not None and ends_date < due:
        raise TaskRefused(_("The end is before this task is due."), field="ends_date")
    made = recurrence.made if recurrence else 1
    if times is not None and times < made:
        raise TaskRefused(_("It has been made %(n)s times already.") % {"n": made}, field="times")


def _stop(recurrence: Recurrence, *, by: User | None, now: datetime) -> None:
    Recurrence.objects.filter(pk=recurrence.pk).update(stopped_at=now)
    collaboration.audit_record(
        action="recurrence.stopped", subject=recurrence, by=by, now=now, within=recurrence.campaign
    )


def _copy(task: Task, recurrence: Recurrence, due: date) -> Task:
    """Make the next one like the last, with nothing done; who has left is not given work any more."""
    assignee = task.assignee if task.assignee and task.assignee.is_active else None
    following = Task.objects.create(
        campaign=task.campaign,
        channel=task.channel,
        title=task.title,
        description=task.description,
        assignee=assignee,
        due_date=due,
        recurrence=recurrence,
        occurrence=recurrence.made,
    )
    lines = task.checklist.values_list("text", "position")
    ChecklistItem.objects.bulk_create(
        ChecklistItem(task=following, text=text, position=position) for text, position in lines
    )
    return following
