"""Who messages come from."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.collaboration.stale import saved_check
from apps.contacts.models import Channel
from apps.core.errors import DomainError
from apps.messaging.channels import kinds_of
from apps.messaging.models import Sender


class SenderInUse(DomainError):
    pass


class SenderRefused(DomainError):
    """One of its fields cannot be: `field` names it."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


@transaction.atomic
def sender_save(*, sender: Sender, by: User, now: datetime, seen_at: datetime | None = None) -> Sender:
    """
    Save a new or changed sender. Messages on their way follow the change from their next mail on.

    :raises SavedSince: it was saved after `seen_at`, by which its author had read it
    :raises SenderRefused: a provider is of another channel
    """
    saved_check(sender, seen_at)
    for field, channel in (("provider", Channel.EMAIL), ("sms_provider", Channel.SMS)):
        provider = getattr(sender, field)
        if provider and provider.kind not in kinds_of(channel):
            told = _("“%(provider)s” does not carry %(channel)s.")
            raise SenderRefused(told % {"provider": provider.name, "channel": channel.label}, field=field)
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
