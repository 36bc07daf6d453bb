from datetime import datetime, timedelta

from apps.accounts.models import IdempotentAnswer
from apps.core.queues import ring

KEPT_FOR = timedelta(hours=24)
BATCH_SIZE = 1_000
FORGET_TASK = "apps.accounts.tasks.answers_forget"


def answers_forget(*, now: datetime) -> int:
    """Delete one batch of answers whose keys are new again, and ring for the next."""
    old = IdempotentAnswer.objects.filter(at__lte=now - KEPT_FOR).order_by("at")[:BATCH_SIZE]
    forgotten, _models = IdempotentAnswer.objects.filter(pk__in=old.values("pk")).delete()
    if forgotten == BATCH_SIZE:
        ring(FORGET_TASK)
    return forgotten
