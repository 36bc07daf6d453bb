"""Doorbells. A task reads the clock and calls one service."""

from typing import Any

from celery import shared_task

from apps.core import clock
from apps.exports import services


@shared_task(soft_time_limit=3600)
def exports_run(**_later: Any) -> None:
    services.exports_run(now=clock.now())


@shared_task(soft_time_limit=110)
def schedules_run(**_later: Any) -> None:
    services.schedules_run(now=clock.now())


@shared_task(soft_time_limit=300)
def exports_sweep(**_later: Any) -> None:
    services.exports_sweep(now=clock.now())
