"""Doorbells. A task reads the clock and calls one service."""

from typing import Any

from celery import shared_task

from apps.campaigns import services
from apps.core import clock


@shared_task(acks_late=True, soft_time_limit=60)
def signoffs_remind(**_later: Any) -> None:
    services.signoffs_remind(now=clock.now())


@shared_task(acks_late=True, soft_time_limit=240)
def recurrences_run(**_later: Any) -> None:
    services.recurrences_run(now=clock.now())


@shared_task(acks_late=True, soft_time_limit=240)
def campaigns_watch(**_later: Any) -> None:
    services.campaigns_watch(now=clock.now())
