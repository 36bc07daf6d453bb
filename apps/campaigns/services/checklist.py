"""The checklist of a task. Every act locks the task, so two people's lines do not cross."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns.errors import TaskRefused
from apps.campaigns.models import ChecklistItem, Task
from apps.campaigns.services.edit import lines_check
from apps.campaigns.services.task import task_lock
from apps.collaboration import services as collaboration

AT_MOST = 100  # lines of one task


@transaction.atomic
def checklist_add(*, task: Task, text: str, by: User, now: datetime) -> ChecklistItem:
    """
    Add a line below the others.

    :raises TaskRefused: nothing was written, or there are a hundred lines already
    """
    task, items = _locked(task)
    if not text.strip():
        raise TaskRefused(_("Write something first."), field="text")
    if len(items) >= AT_MOST:
        raise TaskRefused(_("A checklist has at most %(n)s lines.") % {"n": AT_MOST}, field="text")
    lines_check(ChecklistItem, {"text": text})
    item = ChecklistItem.objects.create(task=task, text=text.strip(), position=len(items))
    _record(item, "checklist.added", by=by, now=now)
    return item


@transaction.atomic
def checklist_tick(*, item: ChecklistItem, is_done: bool, by: User, now: datetime) -> ChecklistItem:
    """Say whether it is done. Saying it twice does nothing."""
    _locked(item.task)
    item = ChecklistItem.objects.select_related("task__campaign").get(pk=item.pk)
    if item.is_done == is_done:
        return item
    item.done_at, item.done_by = (now, by) if is_done else (None, None)
    item.save(update_fields=["done_at", "done_by"])
    _record(item, "checklist.ticked" if is_done else "checklist.unticked", by=by, now=now)
    return item


@transaction.atomic
def checklist_move(*, item: ChecklistItem, position: int, by: User, now: datetime) -> None:
    """Put a line at a place, counted from 0; beyond the last it is the last."""
    task, items = _locked(item.task)
    before = [one.pk for one in items]
    after = [pk for pk in before if pk != item.pk]
    after.insert(position, item.pk)
    if after != before:
        _renumber(items, after)
        collaboration.audit_record(
            action="checklist.reordered", subject=task, by=by, now=now, within=task.campaign
        )


@transaction.atomic
def checklist_remove(*, item: ChecklistItem, by: User, now: datetime) -> None:
    """Take a line away; the history keeps what it said. Once it is gone nothing happens."""
    _task, items = _locked(item.task)
    found = next((one for one in items if one.pk == item.pk), None)
    if found is None:
        return
    _record(found, "checklist.removed", by=by, now=now)
    found.delete()
    _renumber(items, [one.pk for one in items if one.pk not in (None, item.pk)])


def _locked(task: Task) -> tuple[Task, list[ChecklistItem]]:
    task = task_lock(task)
    return task, list(task.checklist.all())


def _renumber(items: Sequence[ChecklistItem], order: Sequence[int]) -> None:
    """Write the places of all lines, in one statement."""
    places = {pk: place for place, pk in enumerate(order)}
    there = [item for item in items if item.pk in places]
    for item in there:
        item.position = places[item.pk]
    ChecklistItem.objects.bulk_update(there, ["position"])


def _record(item: ChecklistItem, action: str, *, by: User, now: datetime) -> None:
    task = item.task
    details: dict[str, object] = {"item": item.text}
    collaboration.audit_record(
        action=action, subject=task, by=by, now=now, details=details, within=task.campaign
    )
