"""Doorbells. A task reads the clock and calls one service."""

from typing import Any

from celery import shared_task

from apps.contacts import services
from apps.core import clock


# The limit is shorter than a lease. `_later` lets an old worker take a ring from newer code.
@shared_task(acks_late=True, soft_time_limit=110)
def imports_run(**_later: Any) -> None:
    services.imports_run(now=clock.now())


# The lease is renewed each second; a sheet that takes longer than this is refused.
@shared_task(acks_late=True, soft_time_limit=900)
def workbooks_read(**_later: Any) -> None:
    services.workbooks_read(now=clock.now())


@shared_task(acks_late=True, soft_time_limit=110)
def imports_undo(**_later: Any) -> None:
    services.imports_undo(now=clock.now())


@shared_task(soft_time_limit=110)
def imports_forget(**_later: Any) -> None:
    services.imports_forget(now=clock.now())


@shared_task(soft_time_limit=3600)
def attributes_settle(**_later: Any) -> None:
    services.attributes_settle(now=clock.now())


@shared_task(soft_time_limit=110)
def erasures_sweep(**_later: Any) -> None:
    services.erasures_sweep(now=clock.now())


@shared_task(soft_time_limit=110)
def merges_sweep(**_later: Any) -> None:
    services.merges_sweep(now=clock.now())


@shared_task(soft_time_limit=110)
def events_tally(**_later: Any) -> None:
    services.events_tally(now=clock.now())


@shared_task(soft_time_limit=300)
def event_traces_forget(**_later: Any) -> None:
    services.event_traces_forget(now=clock.now())


# As long as one question to very many contacts takes; shorter than the lease of a scan.
@shared_task(acks_late=True, soft_time_limit=1100)
def quality_run(**_later: Any) -> None:
    services.quality_run(now=clock.now())
