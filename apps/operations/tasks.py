"""Doorbells. A task reads the clock and calls one service."""

from typing import Any

from celery import shared_task
from celery.signals import worker_ready
from django.db import close_old_connections

from apps.core import clock
from apps.operations import services


@shared_task
def heartbeat(queue: str, **_later: Any) -> None:
    """Run by a worker of `queue`, which shows that the scheduler rings and this worker answers."""
    services.heartbeat_record(name=queue, now=clock.now())


@shared_task(soft_time_limit=60)
def partitions_ensure(**_later: Any) -> None:
    services.partitions_ensure(now=clock.now())


@worker_ready.connect
def first_heartbeat(sender: Any, **_later: Any) -> None:
    """Say at once what the schedule would say in ten seconds: `manage.py up` waits for it."""
    for queue in sender.app.amqp.queues.consume_from:
        services.heartbeat_record(name=queue, now=clock.now())
    close_old_connections()
