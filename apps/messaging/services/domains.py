"""Sending domains: which there are, and what DNS says of them. DNS is asked outside of transactions."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.collaboration.stale import seen_check
from apps.core import secrets
from apps.core.errors import DomainError
from apps.messaging.delivery import dkim
from apps.messaging.dnsrecords import RecordFinding, records_check
from apps.messaging.models import SendingDomain
from apps.messaging.resolver import lookup

CHECKED_EVERY = timedelta(hours=6)
AT_A_TIME = 20
# What a change of makes the last findings untrue.
ASKED_OF_DNS = {"spf", "return_path", "return_mx", "tracking_host", "server_selector"}


class DomainRefused(DomainError):
    """What was asked of a sending domain cannot be done."""


def domain_create(*, by: User, now: datetime, **described: Any) -> SendingDomain:
    """
    Write a sending domain down, with a DKIM key of its own. `described` are fields of `SendingDomain`.

    :raises ValidationError: by field, a domain that is there already among it
    """
    domain = SendingDomain(**described)
    key = dkim.key_make()
    domain.private_key, domain.public_key = secrets.seal(key.private_pem), key.public
    _check(domain)
    try:
        with transaction.atomic():
            domain.save()
            collaboration.audit_record(action="domain.created", subject=domain, by=by, now=now)
    except IntegrityError as error:
        raise ValidationError({"name": _("This domain is there already.")}) from error
    return domain


@transaction.atomic
def domain_update(
    *, domain: SendingDomain, by: User, now: datetime, seen_at: datetime | None = None, **changes: Any
) -> SendingDomain:
    """
    Change what is given; the name stays. What was found in DNS is forgotten where it was about the change.

    :raises SavedSince: it was saved after `seen_at`, by which its author had read it
    :raises ValidationError: by field
    """
    domain = SendingDomain.objects.select_for_update(no_key=True).get(pk=domain.pk)
    seen_check(domain, seen_at)
    changed = {name: value for name, value in changes.items() if value != getattr(domain, name)}
    for name, value in changed.items():
        setattr(domain, name, value)
    if domain.server_selector:
        domain.is_signing = False
    _check(domain)
    if changed.keys() & ASKED_OF_DNS:
        domain.findings, domain.checked_at = [], None
    if changed:
        domain.save()
        collaboration.audit_record(
            action="domain.changed", subject=domain, by=by, now=now, details={"fields": sorted(changed)}
        )
    return domain


@transaction.atomic
def domain_delete(*, domain: SendingDomain, by: User, now: datetime) -> None:
    """Forget a sending domain and its key; its senders stay, and their mails are signed by nobody here."""
    domain = SendingDomain.objects.select_for_update().get(pk=domain.pk)
    collaboration.audit_record(action="domain.deleted", subject=domain, by=by, now=now)
    domain.delete()


def domain_check(*, domain: SendingDomain, by: User | None, now: datetime) -> SendingDomain:
    """
    Ask DNS for every record, and keep what it said. `by=None`: the schedule.

    Where a record that was right is not right any more, those who look after senders are told.
    """
    findings = records_check(domain, lookup)
    with transaction.atomic():
        current = SendingDomain.objects.select_for_update(no_key=True).get(pk=domain.pk)
        if current.updated_at != domain.updated_at:
            return current  # changed meanwhile: this speaks of what is no more
        lost = [
            one for one in findings if current.state_of(one.key) == "ok" and one.state in {"missing", "wrong"}
        ]
        # What DNS did not answer for stays as it was known: its silence says nothing of the record.
        kept = {one["key"]: one for one in current.findings}
        current.findings = [
            kept.get(one.key, asdict(one)) if one.state == "silent" else asdict(one) for one in findings
        ]
        current.checked_at = now
        current.save(update_fields=["findings", "checked_at"])
        if by is not None:
            collaboration.audit_record(action="domain.checked", subject=current, by=by, now=now)
        if lost:
            _tell(current, lost, now=now)
    return current


def domains_check(*, now: datetime) -> int:
    """Ask DNS of the domains that nobody has looked at for hours, a bounded number; return how many."""
    due = SendingDomain.objects.due(at=now - CHECKED_EVERY).order_by("checked_at", "pk")[:AT_A_TIME]
    for domain in due:
        domain_check(domain=domain, by=None, now=now)
    return len(due)


@transaction.atomic
def domain_sign(*, domain: SendingDomain, on: bool, by: User, now: datetime) -> SendingDomain:
    """
    Let Bookend sign the mails of this domain with its key, or leave it to the mail server.

    :raises DomainRefused: DNS did not have the key when it was last asked: signatures that nobody can check
        are worse than none
    """
    domain = SendingDomain.objects.select_for_update(no_key=True).get(pk=domain.pk)
    if on and domain.server_selector:
        raise DomainRefused(_("Your mail server signs this domain's mails, as its settings here say."))
    if on and domain.state_of("dkim") != "ok":
        raise DomainRefused(_("Publish the DKIM record and check it first: nobody could verify a signature."))
    if domain.is_signing != on:
        domain.is_signing = on
        domain.save(update_fields=["is_signing", "updated_at"])
        action = "domain.signing" if on else "domain.unsigned"
        collaboration.audit_record(action=action, subject=domain, by=by, now=now)
    return domain


def _check(domain: SendingDomain) -> None:
    """:raises ValidationError: by field"""
    domain.full_clean(validate_unique=False, validate_constraints=False)
    for field in ("return_path", "tracking_host"):
        host = getattr(domain, field).rpartition("@")[2]
        if host and host != domain.name and not host.endswith(f".{domain.name}"):
            told = _("This has to be in %(domain)s, or receivers do not see that it is yours.")
            raise ValidationError({field: told % {"domain": domain.name}})


def _tell(domain: SendingDomain, lost: list[RecordFinding], *, now: datetime) -> None:
    told = _("%(domain)s: DNS is not right any more (%(records)s). Mails may end up in spam.")
    text = told % {"domain": domain.name, "records": ", ".join(one.key.upper() for one in lost)}
    people = User.objects.filter(Q(role=User.Role.ADMINISTRATOR) | Q(role=User.Role.MARKETING_LEAD))
    url = reverse("messaging:domain", args=[domain.pk])
    collaboration.notify(users=people, text=text, url=url, now=now, kind="sending")
