from collections.abc import Collection
from typing import Any, NamedTuple

from django.contrib.contenttypes.models import ContentType
from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.campaigns.models import Campaign, Challenge, Task, TaskDependency, TaskQuerySet
from apps.campaigns.selectors.schedule import Plan


class Stuck(NamedTuple):
    """The keys of tasks that wait for one that is open, and of those that a challenge holds."""

    blocked: set[int]
    held: set[int]


def with_stuck(found: TaskQuerySet) -> TaskQuerySet:
    """Add `is_waiting` (for a task that is open) and `is_asked` (a challenge holds it)."""
    content_type = ContentType.objects.get_for_model(Task)
    waits = TaskDependency.objects.holding().filter(successor=OuterRef("pk"))
    questions = Challenge.objects.open().filter(content_type=content_type, object_id=OuterRef("pk"))
    return found.annotate(is_waiting=Exists(waits), is_asked=Exists(questions))


IS_STUCK = Q(is_waiting=True) | Q(is_asked=True)


def stuck(tasks: Collection[Task]) -> Stuck:
    """Return which of these tasks cannot go on, in one query. Every list, board and calendar asks here."""
    found = Task.objects.open().filter(pk__in=[task.pk for task in tasks]).order_by()
    marked: QuerySet[Any] = with_stuck(found).filter(IS_STUCK)
    rows = list(marked.values_list("pk", "is_waiting", "is_asked"))
    return Stuck({pk for pk, waits, _asked in rows if waits}, {pk for pk, _waits, asked in rows if asked})


def stuck_in(campaign: Campaign, plan: Plan) -> Stuck:
    """Return the same of a whole campaign, out of its plan and of what the page around it shows."""
    content_type = ContentType.objects.get_for_model(Task)
    asked = {one.object_id for one in campaign.open_challenges if one.content_type_id == content_type.pk}
    return Stuck(set(plan.holding), {task.pk for task in plan.tasks if task.pk in asked and not task.is_done})
