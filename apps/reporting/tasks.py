"""Doorbells. A task reads the clock and calls one service."""

from typing import Any

from celery import shared_task

from apps.core import clock
from apps.reporting import services


@shared_task(acks_late=True, soft_time_limit=240)
def results_refresh_due(**_later: Any) -> None:
    services.results_refresh_due(now=clock.now())
