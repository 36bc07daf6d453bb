"""When nobody is written to, by the clock where they are."""

from datetime import datetime

from django.db import transaction

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.collaboration.stale import saved_check
from apps.messaging.models import QuietHours


@transaction.atomic
def quiet_save(*, quiet: QuietHours, by: User, now: datetime, seen_at: datetime | None = None) -> QuietHours:
    """
    Save new or changed quiet hours. They hold for whatever has not left.

    :raises SavedSince: it was saved after `seen_at`, by which its author had read it
    :raises ValidationError: by field; there are some for the channel already, or they do not end
    """
    saved_check(quiet, seen_at)
    quiet.full_clean()
    is_new = quiet.pk is None
    quiet.save()
    action = "quiethours.created" if is_new else "quiethours.changed"
    collaboration.audit_record(action=action, subject=quiet, by=by, now=now, details=_facts(quiet))
    return quiet


@transaction.atomic
def quiet_delete(*, quiet: QuietHours, by: User, now: datetime) -> None:
    """Write to people at any hour. What is held already keeps the hour that it waits for."""
    quiet = QuietHours.objects.select_for_update().get(pk=quiet.pk)
    collaboration.audit_record(
        action="quiethours.deleted", subject=quiet, by=by, now=now, details=_facts(quiet)
    )
    quiet.delete()


def _facts(quiet: QuietHours) -> dict[str, object]:
    return {"channel": quiet.channel, "hours": str(quiet), "is_active": quiet.is_active}
