"""Celery is the doorbell: it says that there may be work. The work itself is rows."""

from enum import StrEnum

from celery import current_app
from django.db import transaction


class Queue(StrEnum):
    """The queues that workers serve. Bulk sending has its own, so it never makes a person wait."""

    DEFAULT = "default"
    SENDING = "sending"
    BULK = "bulk"


def ring(task_name: str) -> None:
    """
    Ask a worker to look for work, once the transaction has committed.

    Best effort on purpose: the scheduler rings too. `robust`, because the work is already safe in rows:
    a broker that is down is logged, and does not fail the request.

    :raises KeyError: no such task; raised here and now, not in the silence after the commit
    """
    task = current_app.tasks[task_name]
    transaction.on_commit(task.delay, robust=True)
