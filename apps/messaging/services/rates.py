"""How much a sender sends, and how much a domain is sent."""

from datetime import datetime

from django.db import transaction

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.collaboration.stale import saved_check
from apps.core.queues import ring
from apps.messaging.models import RateLimit, Sender, WarmUp
from apps.messaging.services.messages import SEND_TASK


@transaction.atomic
def rate_limit_save(
    *, limit: RateLimit, by: User, now: datetime, seen_at: datetime | None = None
) -> RateLimit:
    """
    Save a new or changed limit. It holds for whatever has not left, and counts what leaves from now on.

    :raises SavedSince: it was saved after `seen_at`, by which its author had read it
    :raises ValidationError: by field; both a sender and a domain or neither, or one more for the same time
    """
    saved_check(limit, seen_at)
    limit.full_clean()
    is_new = limit.pk is None
    limit.save()
    action = "ratelimit.created" if is_new else "ratelimit.changed"
    collaboration.audit_record(action=action, subject=limit, by=by, now=now, details=limit.facts)
    ring(SEND_TASK)  # who waits under it may have room now
    return limit


@transaction.atomic
def rate_limit_delete(*, limit: RateLimit, by: User, now: datetime) -> None:
    """Let everything leave that the other limits allow, those who were put aside for this one among it."""
    limit = RateLimit.objects.select_for_update(of=("self",)).get(pk=limit.pk)
    collaboration.audit_record(action="ratelimit.deleted", subject=limit, by=by, now=now, details=limit.facts)
    limit.delete()
    ring(SEND_TASK)


@transaction.atomic
def warm_up_save(*, plan: WarmUp, by: User, now: datetime, seen_at: datetime | None = None) -> WarmUp:
    """
    Save the plan of a sender. What has left today under it goes on counting.

    :raises SavedSince: it was saved after `seen_at`, by which its author had read it
    :raises ValidationError: by field; a zone that is none, or days that are no plan
    """
    saved_check(plan, seen_at)
    plan.full_clean()
    is_new = plan.pk is None
    plan.save()
    action = "warmup.created" if is_new else "warmup.changed"
    collaboration.audit_record(action=action, subject=plan, by=by, now=now, details=_facts(plan))
    ring(SEND_TASK)
    return plan


@transaction.atomic
def warm_up_delete(*, sender: Sender, by: User, now: datetime) -> bool:
    """Let a sender send as much as its limits allow; return False if it has no plan."""
    plan = WarmUp.objects.select_for_update(no_key=True).filter(sender=sender).first()
    if plan is None:
        return False
    collaboration.audit_record(action="warmup.deleted", subject=plan, by=by, now=now, details=_facts(plan))
    plan.delete()
    ring(SEND_TASK)
    return True


def _facts(plan: WarmUp) -> dict[str, object]:
    return {
        "sender": plan.sender_id,
        "starts_on": plan.starts_on.isoformat(),
        "timezone": plan.timezone,
        "ceilings": plan.ceilings,
        "is_active": plan.is_active,
    }
