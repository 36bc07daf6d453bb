"""Doorbells. A task reads the clock and calls one service."""

from typing import Any

from celery import shared_task

from apps.core import clock
from apps.integrations import services


@shared_task(soft_time_limit=300)
def tallies_forget(**_later: Any) -> None:
    services.tallies_forget(now=clock.now())
