"""How often anybody is written to."""

from datetime import datetime

from django.db import transaction

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.collaboration.stale import saved_check
from apps.contacts import services as contacts
from apps.contacts.models import Channel
from apps.messaging.models import FrequencyCap


@transaction.atomic
def cap_save(*, cap: FrequencyCap, by: User, now: datetime, seen_at: datetime | None = None) -> FrequencyCap:
    """
    Save a new or changed cap. It holds for whatever has not left, and counts what leaves from now on.

    :raises SavedSince: it was saved after `seen_at`, by which its author had read it
    :raises ValidationError: by field; two caps for the same, or a number that cannot be
    :raises TopicUnknown: nobody described this topic
    """
    saved_check(cap, seen_at)
    contacts.topic_check(topic=cap.topic, channel=Channel.EMAIL)
    cap.full_clean()
    is_new = cap.pk is None
    cap.save()
    action = "frequencycap.created" if is_new else "frequencycap.changed"
    collaboration.audit_record(action=action, subject=cap, by=by, now=now, details={**cap.facts})
    return cap


@transaction.atomic
def cap_delete(*, cap: FrequencyCap, by: User, now: datetime) -> None:
    """Let people be written to as often as the other caps allow."""
    cap = FrequencyCap.objects.select_for_update().get(pk=cap.pk)
    collaboration.audit_record(
        action="frequencycap.deleted", subject=cap, by=by, now=now, details={**cap.facts}
    )
    cap.delete()
