"""Who messages come from."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import ngettext

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.core.errors import DomainError
from apps.messaging.models import Sender


class SenderInUse(DomainError):
    pass


@transaction.atomic
def sender_save(*, sender: Sender, by: User, now: datetime) -> Sender:
    """Save a new or changed sender. Messages on their way follow the change from their next mail on."""
    is_new = sender.pk is None
    sender.save()
    action = "sender.created" if is_new else "sender.changed"
    collaboration.audit_record(action=action, subject=sender, by=by, now=now)
    return sender


@transaction.atomic
def sender_delete(*, sender: Sender, by: User, now: datetime) -> None:
    """
    Delete a sender that no message names.

    :raises SenderInUse: some do; it can be taken out of use instead
    """
    sender = Sender.objects.select_for_update().get(pk=sender.pk)
    if count := sender.messages.count():
        sentence = ngettext(
            "%(count)s message comes from this sender. Take it out of use instead.",
            "%(count)s messages come from this sender. Take it out of use instead.",
            count,
        )
        raise SenderInUse(sentence % {"count": count})
    collaboration.audit_record(action="sender.deleted", subject=sender, by=by, now=now)
    sender.delete()
