"""Doorbells. A task reads the clock and calls one service."""

from typing import Any

from celery import shared_task

from apps.core import clock
from apps.messaging import services


# The limits are shorter than a lease. `_later` lets an old worker take a ring from newer code.
@shared_task(acks_late=True, soft_time_limit=240, time_limit=280)
def messages_send(**_later: Any) -> None:
    services.messages_send(now=clock.now())


@shared_task(soft_time_limit=50)
def bursts_mark(**_later: Any) -> None:
    services.bursts_mark(now=clock.now())


@shared_task(soft_time_limit=50)
def sending_watch(**_later: Any) -> None:
    services.sending_watch(now=clock.now())


@shared_task(soft_time_limit=50)
def tallies_refresh(**_later: Any) -> None:
    services.tallies_refresh(now=clock.now())


# An IMAP server answers within 20 seconds or not at all; mails that were read by then are marked.
@shared_task(soft_time_limit=240, time_limit=280)
def reports_collect(**_later: Any) -> None:
    services.reports_collect(now=clock.now())


# Twenty domains of five records, for each of which DNS may take five seconds; the rest waits for a ring.
@shared_task(soft_time_limit=540, time_limit=580)
def domains_check(**_later: Any) -> None:
    now = clock.now()
    services.domain_keys_forget(now=now)
    services.domains_check(now=now)


@shared_task(soft_time_limit=280, time_limit=295)
def domain_figures_refresh(**_later: Any) -> None:
    services.domain_figures_refresh(now=clock.now())


@shared_task(soft_time_limit=50)
def experiments_decide(**_later: Any) -> None:
    services.experiments_decide(now=clock.now())
