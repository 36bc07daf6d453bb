"""What holds for every message: the control group, and where people are taken to be."""

from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.collaboration.stale import seen_check
from apps.core.errors import DomainError
from apps.messaging.models import SendingPolicy

SETTABLE = ("control_percent", "control_seed", "timezone")


class PolicyInvalid(DomainError):
    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@transaction.atomic
def policy_update(
    *, by: User, now: datetime, seen_at: datetime | None = None, **changes: Any
) -> SendingPolicy:
    """
    Change what is given of `SETTABLE`. It holds from the next launch on: what was launched has its promise.

    :raises SavedSince: it was saved after `seen_at`, by which its author had read it
    :raises PolicyInvalid: a value that cannot be; nothing is changed
    """
    locked = SendingPolicy.objects.select_for_update(no_key=True)
    policy, _made = locked.get_or_create(pk=1)
    seen_check(policy, seen_at)
    was = {name: getattr(policy, name) for name in SETTABLE}
    changed = {name: value for name, value in changes.items() if value != was[name]}
    for name, value in changed.items():
        setattr(policy, name, value)
    _check(policy)
    if changed:
        policy.save()
        details: dict[str, object] = {name: [was[name], value] for name, value in changed.items()}
        collaboration.audit_record(
            action="sendingpolicy.changed", subject=policy, by=by, now=now, details=details
        )
    return policy


def _check(policy: SendingPolicy) -> None:
    if policy.timezone not in available_timezones():
        raise PolicyInvalid(_("There is no such time zone."), field="timezone")
    try:
        policy.full_clean()
    except ValidationError as refusal:
        for field, reasons in refusal.message_dict.items():
            raise PolicyInvalid(reasons[0], field=field if field in SETTABLE else "") from refusal
