"""What `manage.py doctor` asks about sending domains, and about mail that comes back."""

from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.health import Finding, Level
from apps.messaging.addresses import AddressNotUsable, own_address
from apps.messaging.bouncebox import MailboxUnavailable, unread
from apps.messaging.models import SendingDomain

STALE = timedelta(days=1)


def bounces_check() -> Finding:
    """Mails have a return path, and somebody reads what comes back to it."""
    if not settings.RETURN_PATH and not settings.BOUNCE_MAILBOX_URL:
        # On a laptop nothing is delivered, so nothing comes back.
        level = Level.WARNING if settings.IS_PRODUCTION else Level.OK
        return Finding(level, _("Nobody reads bounces: set RETURN_PATH and BOUNCE_MAILBOX_URL."))
    try:
        if settings.RETURN_PATH:
            own_address(settings.RETURN_PATH)
    except AddressNotUsable:
        return Finding(Level.FAILED, _("RETURN_PATH is no address that mail servers take."))
    if not settings.BOUNCE_MAILBOX_URL:
        told = _(
            "Mails come back to %(address)s. Nobody reads them here: set BOUNCE_MAILBOX_URL, or hand them in."
        )
        return Finding(Level.WARNING, told % {"address": settings.RETURN_PATH})
    try:
        with unread(settings.BOUNCE_MAILBOX_URL, limit=0) as mails:
            list(mails)
    except MailboxUnavailable as failure:
        return Finding(Level.FAILED, _("The bounce mailbox: %(why)s") % {"why": failure})
    return Finding(Level.OK, _("The bounce mailbox can be read."))


def domains_check() -> Finding:
    """What DNS said of the sending domains when it was last asked; asking it is the schedule's."""
    domains = list(SendingDomain.objects.order_by("name"))
    if not domains:
        level = Level.WARNING if settings.IS_PRODUCTION else Level.OK
        return Finding(level, _("No sending domain is written down, so nobody looks at its DNS."))
    if wrong := [domain.name for domain in domains if domain.troubles]:
        told = _("DNS is not right for %(domains)s: see Settings, Sending domains.")
        return Finding(Level.WARNING, told % {"domains": ", ".join(wrong)})
    before = clock.now() - STALE
    if late := [domain.name for domain in domains if not domain.checked_at or domain.checked_at < before]:
        told = _("DNS was not asked for a day about %(domains)s: does the worker run?")
        return Finding(Level.WARNING, told % {"domains": ", ".join(late)})
    return Finding(
        Level.OK, _("DNS is right for %(domains)s.") % {"domains": ", ".join(d.name for d in domains)}
    )
