from django.db.models import Count, Q

from apps.accounts.models import User
from apps.campaigns.models import Campaign, Task, TaskQuerySet


def tasks(
    campaign: Campaign, *, channel: str = "", assignee: int | None = None, state: str = ""
) -> TaskQuerySet:
    """Return the tasks of a campaign, narrowed, with what a row shows."""
    found = Task.objects.filter(campaign=campaign).select_related("assignee", "channel")
    if channel:
        found = found.filter(channel__kind=channel)
    if assignee is not None:
        found = found.filter(assignee=assignee)
    return _by_state(found, state)


def tasks_of(user: User, *, state: str = "open", search: str = "") -> TaskQuerySet:
    """Return one person's tasks of all campaigns that have not been put away."""
    found = Task.objects.of(user).filter(campaign__archived_at__isnull=True)
    if search:
        found = found.filter(title__icontains=search)
    return _by_state(found.select_related("campaign", "channel", "assignee"), state)


def _by_state(found: TaskQuerySet, state: str) -> TaskQuerySet:
    if state == "open":
        return found.open()
    return found.filter(state=state) if state else found


def open_tasks_by_channel(campaign: Campaign) -> dict[int | None, int]:
    """Return how many tasks are open, by the channel's id; None stands for the whole campaign."""
    rows = campaign.tasks.open().order_by().values_list("channel").annotate(count=Count("pk"))
    return dict(rows)


def with_open_tasks(campaign: Campaign) -> list[tuple[User, int]]:
    """Return who has something open in a campaign, and how much, busiest first."""
    in_it = Q(tasks__campaign=campaign) & ~Q(tasks__state=Task.State.DONE)
    people = User.objects.filter(in_it).annotate(open=Count("tasks")).order_by("-open", "pk")
    return [(person, person.open) for person in people]
