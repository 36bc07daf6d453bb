from collections.abc import Collection

from apps.campaigns.models import Task


def blocked_ids(tasks: Collection[Task]) -> set[int]:
    """
    Return the keys of those tasks that wait for another one, in one query at most.

    Nothing can wait as yet: tasks have no dependencies. Every list, board and calendar asks here.
    """
    return set()
