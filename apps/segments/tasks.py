"""Doorbells. A task reads the clock and calls one service."""

from typing import Any

from celery import shared_task

from apps.core import clock
from apps.segments import services


@shared_task(acks_late=True, soft_time_limit=600)
def segments_refresh(**_later: Any) -> None:
    services.segments_refresh(now=clock.now())


@shared_task(acks_late=True, soft_time_limit=120)
def changes_apply(**_later: Any) -> None:
    services.changes_apply(now=clock.now())


@shared_task(acks_late=True, soft_time_limit=120)
def segments_time_pass(**_later: Any) -> None:
    services.segments_time_pass(now=clock.now())


@shared_task(acks_late=True, soft_time_limit=600)
def definitions_compute(**_later: Any) -> None:
    services.definitions_compute(now=clock.now())
