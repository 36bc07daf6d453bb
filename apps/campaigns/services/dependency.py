"""What a single task is bound to: the day it is pinned to, and the tasks it waits for."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns.errors import DependencyRefused, TaskRefused
from apps.campaigns.models import Task, TaskDependency
from apps.campaigns.scheduling import CircularDependency, Item, ordered
from apps.campaigns.services.edit import campaign_lock, row_edit
from apps.collaboration import services as collaboration

NAMED = 8  # tasks of a circle that are named; a longer one is told with a gap


@transaction.atomic
def task_pin(*, task: Task, by: User, now: datetime) -> Task:
    """
    Keep the task on its days, whatever the campaign's dates do. Pinned already, nothing happens.

    :raises TaskRefused: it has no day that it could be kept on
    """
    task = _task_lock(task)
    if task.due_date is None:
        raise TaskRefused(_("Give the task a day first, then it can be pinned to it."), field="due_date")
    return _pinned_set(task, True, by=by, now=now)


@transaction.atomic
def task_unpin(*, task: Task, by: User, now: datetime) -> Task:
    """Let the task follow the campaign's dates again, from their next move on."""
    return _pinned_set(_task_lock(task), False, by=by, now=now)


@transaction.atomic
def dependency_add(*, task: Task, on: Task, by: User, now: datetime) -> TaskDependency:
    """
    Let `task` wait until `on` is done. Said already, nothing happens.

    :raises DependencyRefused: they are of two campaigns, or the same task, or would wait for each other
    """
    campaign = campaign_lock(task.campaign)
    if on.campaign_id != task.campaign_id:
        raise DependencyRefused(_("That task is of another campaign."), field="task")
    if on.pk == task.pk:
        raise DependencyRefused(_("A task cannot wait for itself."), field="task")
    found = TaskDependency.objects.filter(successor=task, predecessor=on).first()
    if found is not None:
        return found
    _circle_check(task, on)
    made = TaskDependency.objects.create(successor=task, predecessor=on)
    details: dict[str, object] = {"waits_for": on.title}
    collaboration.audit_record(
        action="task.waits", subject=task, by=by, now=now, details=details, within=campaign
    )
    return made


@transaction.atomic
def dependency_remove(*, task: Task, on: Task, by: User, now: datetime) -> None:
    """Let `task` wait for `on` no longer. Not waiting, nothing happens."""
    campaign = campaign_lock(task.campaign)
    count, _rows = TaskDependency.objects.filter(successor=task, predecessor=on).delete()
    if count:
        details: dict[str, object] = {"waits_for": on.title}
        collaboration.audit_record(
            action="task.waits_no_more", subject=task, by=by, now=now, details=details, within=campaign
        )


def circle_told(titles: Sequence[str]) -> str:
    """Return the sentence that names the tasks of a circle, each waiting for the one before it."""
    shown = list(titles) if len(titles) <= NAMED else [*titles[: NAMED - 2], "…", titles[-1]]
    told = _("They would wait for each other in a circle: %(circle)s.")
    return told % {"circle": " → ".join(title if title == "…" else f"“{title}”" for title in shown)}


def _circle_check(task: Task, on: Task) -> None:
    pairs = TaskDependency.objects.of_campaign(task.campaign_id).values_list("successor", "predecessor")
    after: dict[int, list[int]] = {}
    for successor, predecessor in [*pairs, (task.pk, on.pk)]:
        after.setdefault(successor, []).append(predecessor)
    keys = {*after, *(key for keys in after.values() for key in keys)}
    try:
        ordered({key: Item(key, after=after.get(key, ())) for key in keys})
    except CircularDependency as circular:
        titles = dict(Task.objects.filter(pk__in=circular.circle).values_list("pk", "title"))
        told = circle_told([titles[key] for key in circular.circle])
        raise DependencyRefused(told, field="task") from circular


def _task_lock(task: Task) -> Task:
    campaign_lock(task.campaign)
    return Task.objects.select_for_update(no_key=True, of=("self",)).get(pk=task.pk)


def _pinned_set(task: Task, is_pinned: bool, *, by: User, now: datetime) -> Task:
    if task.is_pinned == is_pinned:
        return task
    return row_edit(task, {"is_pinned": is_pinned}, action="task.changed", by=by, now=now)
