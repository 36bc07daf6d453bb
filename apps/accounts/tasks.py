from celery import shared_task

from apps.accounts import services
from apps.core import clock


@shared_task
def answers_forget(**later: object) -> None:
    services.answers_forget(now=clock.now())


@shared_task
def sessions_forget(**later: object) -> None:
    services.sessions_forget(now=clock.now())
