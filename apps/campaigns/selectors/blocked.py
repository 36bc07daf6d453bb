from collections.abc import Collection

from apps.campaigns.models import Task


def blocked_ids(tasks: Collection[Task]) -> set[int]:
    """Return the keys of those tasks that wait for one that is open, in one query. Every list asks here."""
    return set(Task.objects.blocked().filter(pk__in=[task.pk for task in tasks]).values_list("pk", flat=True))
