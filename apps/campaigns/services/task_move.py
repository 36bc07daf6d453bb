"""How a task is moved: to another state, to another place in its column, or both in one act."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Expression
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns import challenges, places
from apps.campaigns.errors import ChangedMeanwhile
from apps.campaigns.models import Task
from apps.campaigns.services.edit import changed_since, row_edit
from apps.campaigns.services.recurrence import recurrence_follow
from apps.campaigns.services.task import task_lock

State = Task.State


@transaction.atomic
def task_move(
    *,
    task: Task,
    state: str,
    by: User,
    now: datetime,
    seen: int | None = None,
    above: int | None = None,
    below: int | None = None,
) -> Task:
    """
    Say how far a task is, and where its card stands: above the card `above`, or else below the card `below`.

    Named are the keys of cards as the board shows them, where what is done reads backwards. Without a card
    that is in that column now, it stands last, or first of what is done. Moving it to where it is does
    nothing. If it is done and comes again, the next one is made.

    :raises ChangedMeanwhile: somebody moved it to another state after version `seen`
    :raises HeldByChallenge: it is challenged, and so cannot be done yet
    """
    task = task_lock(task)
    state = State(state)
    neighbours = [pk for pk in (above, below) if pk is not None and pk != task.pk]
    if task.state == state and not neighbours:
        return task
    changes = {} if task.state == state else {"state": state}
    if changes and seen is not None and seen != task.version:
        _refuse_moved_meanwhile(task, seen=seen)
    if changes and state == State.DONE:
        challenges.hold_check(task)
    place = _place(task, state, above=above, neighbours=neighbours)
    if changes:
        action, done_at = "task.moved", now if state == State.DONE else None
    else:
        action, done_at = "task.reordered", task.done_at
    # One statement: a constraint pairs state and time.
    Task.objects.filter(pk=task.pk).update(state=state, done_at=done_at, place=place)
    task.done_at = done_at
    task = row_edit(task, changes, action=action, by=by, now=now)
    if changes and state == State.DONE:
        recurrence_follow(task=task, by=by, now=now)
    return task


def _refuse_moved_meanwhile(task: Task, *, seen: int) -> None:
    for by, state in changed_since(task, ["state"], seen=seen).values():
        told = {"who": str(by) if by else _("The schedule"), "state": state}
        sentence = _("%(who)s has moved this to “%(state)s” meanwhile.") % told
        raise ChangedMeanwhile({"state": sentence}, version=task.version)


def _place(task: Task, state: str, *, above: int | None, neighbours: Sequence[int]) -> str | Expression:
    """Return the place beside the first of the neighbours that is in the column, or the last one."""
    column = Task.objects.filter(state=state).exclude(pk=task.pk).order_by()
    known = dict(column.filter(pk__in=neighbours).values_list("pk", "place"))
    beside = next((pk for pk in neighbours if pk in known), None)
    if beside is None:
        return places.LAST
    here = known[beside]
    # The column of what is done shows the highest place on top.
    is_lower = (beside == above) != (state == State.DONE)
    if is_lower:
        under = column.filter(place__lt=here).order_by("-place").values_list("place", flat=True).first()
        return places.between(under or "", here)
    over = column.filter(place__gt=here).order_by("place").values_list("place", flat=True).first()
    return places.between(here, over) if over else places.LAST
