"""Doorbells. A task reads the clock and calls one service."""

from typing import Any

from celery import shared_task

from apps.collaboration import services
from apps.core import clock


@shared_task(acks_late=True, soft_time_limit=240)
def digests_send(**_later: Any) -> None:
    services.digests_send(now=clock.now())
