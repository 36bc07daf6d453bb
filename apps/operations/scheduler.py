import time
from typing import Any

import structlog
from celery.beat import PersistentScheduler
from django.db import DatabaseError, close_old_connections

from apps.core import clock
from apps.operations import selectors, services

HEARTBEAT_SECONDS = 10.0
log = structlog.get_logger(__name__)


class Scheduler(PersistentScheduler):
    """Celery's scheduler, which also says in a row of its own that it lives, Redis or no Redis."""

    _said_at = 0.0

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() - self._said_at >= HEARTBEAT_SECONDS:
            self._said_at = time.monotonic()
            _say_alive()
        return super().tick(*args, **kwargs)


def _say_alive() -> None:
    close_old_connections()
    try:
        services.heartbeat_record(name=selectors.SCHEDULER, now=clock.now())
    except DatabaseError as error:  # it comes back, and must find the scheduler here
        log.warning("heartbeat not recorded", error=type(error).__name__)
