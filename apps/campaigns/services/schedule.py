"""The dates of a campaign move, and its tasks with them; and back again."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.campaigns.errors import PlanRefused
from apps.campaigns.models import Campaign, PlanMove
from apps.campaigns.selectors.schedule import TaskMove
from apps.campaigns.services.campaign import campaign_edit, campaign_update
from apps.campaigns.services.edit import campaign_lock
from apps.campaigns.services.follow import tasks_follow, tasks_moved_tell, tasks_place


@transaction.atomic
def campaign_reschedule(
    *,
    campaign: Campaign,
    by: User,
    now: datetime,
    launch_date: date | None,
    goal_date: date | None,
    shown: str | None = None,
    seen: int | None = None,
) -> Campaign:
    """
    Move the launch and the outcome's date, and with them every task that is neither pinned nor done.

    The same dates again bring the tasks to where the plan puts them.

    :raises MoveUnseen: something else would move than what was shown
    :raises ChangedMeanwhile: somebody changed one of the dates after version `seen`
    :raises DatesDoNotFit: the dates contradict each other, or lie in the past
    """
    campaign = campaign_lock(campaign)
    if (launch_date, goal_date) == (campaign.launch_date, campaign.goal_date):
        tasks_follow(
            campaign=campaign,
            launch_before=launch_date,
            goal_before=goal_date,
            by=by,
            now=now,
            shown=shown,
        )
        return campaign
    return campaign_update(
        campaign=campaign,
        by=by,
        now=now,
        seen=seen,
        shown=shown,
        launch_date=launch_date,
        goal_date=goal_date,
    )


@transaction.atomic
def plan_move_undo(*, move: PlanMove, by: User, now: datetime) -> Campaign:
    """
    Bring dates and tasks back to where they were before their latest move.

    A task that somebody has moved, pinned, done or removed since stays as it is.

    :raises PlanRefused: it is not the latest move, it was undone already, or the dates were changed since
    :raises DatesDoNotFit: the dates of before lie in the past by now
    """
    campaign = campaign_lock(move.campaign)
    latest = campaign.plan_moves.select_for_update().order_by("-pk").first()
    if latest is None or latest.pk != move.pk or latest.undone_at is not None:
        raise PlanRefused(_("Only the latest move of a plan can be taken back."))
    if (campaign.launch_date, campaign.goal_date) != (latest.launch_after, latest.goal_after):
        raise PlanRefused(_("The dates have been changed since. Move them as you need them."))
    back = _moves_back(campaign, latest)
    PlanMove.objects.filter(pk=latest.pk).update(undone_at=now)
    launch, goal = latest.launch_before, latest.goal_before
    campaign = campaign_edit(campaign=campaign, by=by, now=now, launch_date=launch, goal_date=goal)
    tasks_place(back, by=by, now=now)
    tasks_moved_tell(campaign, len(back), by=by, now=now)
    return campaign


def _moves_back(campaign: Campaign, move: PlanMove) -> list[TaskMove]:
    """Return the way back of each task that still stands where the move put it."""
    rows = {
        row[0]: [None if day is None else date.fromisoformat(day) for day in row[1:]] for row in move.tasks
    }
    found = []
    for task in campaign.tasks.filter(pk__in=rows, is_pinned=False).open():
        start, due, moved_start, moved_due = rows[task.pk]
        if (task.start_date, task.due_date) == (moved_start, moved_due):
            found.append(TaskMove(task, start, due))
    return found
