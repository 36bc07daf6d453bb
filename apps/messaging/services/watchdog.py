"""Tells administrators when people wait in line and nobody sends to them, once each time that it happens."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.messaging import homes, selectors
from apps.messaging.models import SendingHome

STUCK_FOR = timedelta(minutes=10)


@transaction.atomic
def sending_watch(*, now: datetime) -> bool:
    """
    Return if administrators were told just now that sending does not move.

    Run by another worker than those that send. Where nothing is to be sent from here, nobody is told.
    """
    if not settings.SENDING_ENABLED or not homes.settle_in(now=now):
        return False
    home = SendingHome.objects.select_for_update(no_key=True).get(pk=1)
    stuck = selectors.sending_pulse(now=now).stuck or timedelta(0)
    if (stuck >= STUCK_FOR) == (home.stuck_told_at is not None):
        return False
    home.stuck_told_at = now if stuck >= STUCK_FOR else None
    home.save(update_fields=["stuck_told_at"])
    if home.stuck_told_at is None:
        return False
    told = _("People have been in line for %(n)d minutes and nobody sends to them. Does the worker run?")
    administrators = User.objects.filter(is_active=True, role=User.Role.ADMINISTRATOR)
    collaboration.notify(
        users=administrators,
        text=told % {"n": stuck // timedelta(minutes=1)},
        url=reverse("system-health"),
        now=now,
        kind="sending",
    )
    return True
