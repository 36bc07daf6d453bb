"""
Another DKIM key for a domain, without a mail that cannot be verified in between.

A second key is made under a selector of its own and published beside the one in use; once DNS has it, mails
are signed with it. The one before stays in DNS for a while, for mails that are still under way.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.core import secrets
from apps.messaging.delivery import dkim
from apps.messaging.models import SendingDomain
from apps.messaging.services.domains import DomainRefused

# Servers try a mail again for up to five days, and whoever gets it looks the key up then.
KEY_KEPT = timedelta(days=7)
NEXT, OLD = "dkim-next", "dkim-old"


@transaction.atomic
def domain_key_prepare(*, domain: SendingDomain, by: User, now: datetime) -> SendingDomain:
    """
    Make the next key. Mails are signed with the one in use until somebody switches.

    :raises DomainRefused: one is waiting already, the one before is still kept, or the mail server signs
    """
    domain = SendingDomain.objects.select_for_update(no_key=True).get(pk=domain.pk)
    if domain.server_selector:
        raise DomainRefused(_("Your mail server signs this domain's mails, as its settings here say."))
    if domain.next_selector:
        raise DomainRefused(_("A new key is waiting already: publish it, or drop it."))
    if domain.old_selector:
        raise DomainRefused(_("The key was changed lately: wait until the one before is not needed."))
    key = dkim.key_make()
    domain.next_selector = _selector(domain, now)
    domain.next_private_key, domain.next_public_key = secrets.seal(key.private_pem), key.public
    return _saved(domain, "domain.key_prepared", by=by, now=now)


@transaction.atomic
def domain_key_switch(*, domain: SendingDomain, by: User, now: datetime) -> SendingDomain:
    """
    Sign with the next key from now on, and keep what DNS needs of the one before for `KEY_KEPT`.

    :raises DomainRefused: no key is waiting, or DNS did not have it when it was last asked
    """
    domain = SendingDomain.objects.select_for_update(no_key=True).get(pk=domain.pk)
    if not domain.next_selector:
        raise DomainRefused(_("No new key is waiting."))
    if domain.state_of(NEXT) != "ok":
        raise DomainRefused(_("Publish the new key and check it first: nobody could verify a signature."))
    domain.old_selector, domain.old_public_key = domain.selector, domain.public_key
    domain.selector, domain.public_key = domain.next_selector, domain.next_public_key
    domain.private_key = domain.next_private_key
    domain.next_selector = domain.next_public_key = domain.next_private_key = ""
    domain.retired_at = now
    became = {"dkim": OLD, NEXT: "dkim"}
    domain.findings = [one | {"key": became.get(one["key"], one["key"])} for one in domain.findings]
    return _saved(domain, "domain.key_switched", by=by, now=now)


@transaction.atomic
def domain_key_drop(*, domain: SendingDomain, by: User, now: datetime) -> SendingDomain:
    """
    Forget the key that waits; the one in use stays.

    :raises DomainRefused: none is waiting
    """
    domain = SendingDomain.objects.select_for_update(no_key=True).get(pk=domain.pk)
    if not domain.next_selector:
        raise DomainRefused(_("No new key is waiting."))
    domain.next_selector = domain.next_public_key = domain.next_private_key = ""
    domain.findings = [one for one in domain.findings if one["key"] != NEXT]
    return _saved(domain, "domain.key_dropped", by=by, now=now)


def domain_keys_forget(*, now: datetime) -> int:
    """Forget the keys of before that no mail under way needs any more; return how many. For the schedule."""
    due = SendingDomain.objects.filter(retired_at__lte=now - KEY_KEPT).values_list("pk", flat=True)
    return sum(_forget(pk, now=now) for pk in due)


@transaction.atomic
def _forget(pk: int, *, now: datetime) -> bool:
    domain = SendingDomain.objects.select_for_update(no_key=True).filter(pk=pk).first()
    if domain is None or domain.retired_at is None or domain.retired_at > now - KEY_KEPT:
        return False
    domain.old_selector = domain.old_public_key = ""
    domain.retired_at = None
    domain.findings = [one for one in domain.findings if one["key"] != OLD]
    _saved(domain, "domain.key_forgotten", by=None, now=now)
    return True


def _selector(domain: SendingDomain, now: datetime) -> str:
    """Return a selector that says when its key was made, and that the one in use does not have."""
    name = f"bookend-{now:%Y%m%d}"
    return f"{name}-2" if name == domain.selector else name


def _saved(domain: SendingDomain, action: str, *, by: User | None, now: datetime) -> SendingDomain:
    domain.save()
    details: dict[str, object] = {"selector": domain.next_selector or domain.selector}
    collaboration.audit_record(action=action, subject=domain, by=by, now=now, details=details)
    return domain
