"""Tasks follow the dates of their campaign. Called by acts that hold the campaign's lock."""

from collections.abc import Sequence
from datetime import date, datetime

from apps.accounts.models import User
from apps.campaigns.dates import day_begun, day_text
from apps.campaigns.errors import MoveUnseen
from apps.campaigns.models import Campaign, PlanMove, Task
from apps.campaigns.selectors.schedule import TaskMove, plan_preview
from apps.collaboration import services as collaboration
from apps.collaboration.models import AuditEvent, subject_key

BATCH = 500


def tasks_follow(
    *,
    campaign: Campaign,
    launch_before: date | None,
    goal_before: date | None,
    by: User | None,
    now: datetime,
    shown: str | None = None,
) -> PlanMove | None:
    """
    Move every task that is neither pinned nor done to where the campaign's new dates put it.

    `shown` is the fingerprint of the preview that somebody confirmed, '' if nobody was shown any; None: there
    is nobody to show it to. Returns None when there was no date before, and nothing to move.

    :raises MoveUnseen: something else would move than what was shown
    """
    launch, goal = campaign.launch_date, campaign.goal_date
    was = Campaign(pk=campaign.pk, launch_date=launch_before, goal_date=goal_before)
    preview = plan_preview(was, launch_date=launch, goal_date=goal, today=day_begun(now))
    if preview.moves and shown not in {None, preview.fingerprint}:
        raise MoveUnseen
    is_moved = (launch, goal) != (launch_before, goal_before) and (launch_before or goal_before)
    if not preview.moves and not is_moved:
        return None
    rows = [way.as_row for way in preview.moves]  # before they stand elsewhere
    tasks_place(preview.moves, by=by, now=now)
    if preview.moves:
        tasks_moved_tell(campaign, len(preview.moves), by=by, now=now)
    return PlanMove.objects.create(
        campaign=campaign,
        by=by,
        at=now,
        launch_before=launch_before,
        launch_after=launch,
        goal_before=goal_before,
        goal_after=goal,
        tasks=rows,
    )


def tasks_place(moves: Sequence[TaskMove], *, by: User | None, now: datetime) -> None:
    """Write down where the tasks stand from now on, and what each moved from, in two statements a batch."""
    told = [_event(way, by=by, now=now) for way in moves]
    for way in moves:
        way.task.start_date, way.task.due_date = way.start, way.due
        way.task.version += 1
        way.task.updated_at = now
    Task.objects.bulk_update(
        [way.task for way in moves], ["start_date", "due_date", "version", "updated_at"], batch_size=BATCH
    )
    AuditEvent.objects.bulk_create(told, batch_size=BATCH)


def tasks_moved_tell(campaign: Campaign, count: int, *, by: User | None, now: datetime) -> None:
    """Tell the campaign's history of the move as a whole: a line for each task would bury the rest of it."""
    details: dict[str, object] = {"tasks": count}
    collaboration.audit_record(
        action="campaign.rescheduled", subject=campaign, by=by, now=now, details=details
    )


def _event(way: TaskMove, *, by: User | None, now: datetime) -> AuditEvent:
    """Return what is told in the task's own history, as `row_edit` would tell it."""
    task = way.task
    days = {"start_date": (task.start_date, way.start), "due_date": (task.due_date, way.due)}
    changes = {name: [_said(old), _said(new)] for name, (old, new) in days.items() if old != new}
    return AuditEvent(
        at=now,
        by=by,
        action="task.rescheduled",
        subject=subject_key(task),
        label=str(task)[:200],
        details={"changes": changes, "version": task.version + 1},
    )


def _said(day: date | None) -> str:
    return "" if day is None else day_text(day)
