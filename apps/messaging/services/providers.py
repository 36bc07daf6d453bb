"""Accounts with those who carry messages: written down, asked if they stand, and heard when they call."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.models import User
from apps.collaboration import services as collaboration
from apps.collaboration.stale import saved_check
from apps.contacts.addresses import AddressInvalid
from apps.core import secrets
from apps.core.errors import DomainError
from apps.core.texts import is_one_line
from apps.messaging.bounces import Report
from apps.messaging.channels import ways
from apps.messaging.channels.base import Call, CallNotUnderstood, CallRefused, Setting, Way
from apps.messaging.delivery.smtp import ServerOutOfReach
from apps.messaging.models import DeliveryReport, Provider, hook_hash
from apps.messaging.services.reports import report_enter
from apps.messaging.services.texts import text_stop

logger = logging.getLogger(__name__)


class ProviderInUse(DomainError):
    pass


@dataclass(frozen=True)
class CallAnswer:
    """What became of a call: how many of its events were taken in, were known already, or must come again."""

    taken: int = 0
    known: int = 0
    failed: int = 0


def provider_save(
    *,
    provider: Provider,
    told: Mapping[str, str],
    by: User,
    now: datetime,
    seen_at: datetime | None = None,
) -> Provider:
    """
    Save a new or changed provider; `told` are settings and secrets by key.

    Of a known one, what is not told stays as it is, and so does a secret that is told as empty. What the last
    check has found is forgotten, and so is that it asked to wait.

    :raises SavedSince: it was saved after `seen_at`, by which its author had read it
    :raises ValidationError: by key; `name` if there is one of that name, or it is none
    """
    way = ways().get(provider.kind)
    if way is None or not way.is_configured:
        raise ValidationError({"kind": _("There is no such kind of provider.")})
    if not is_one_line(provider.name):
        raise ValidationError({"name": _("A name is one line, with something to read in it.")})
    _fill(provider, way, told)
    is_new = provider.pk is None
    if is_new:
        secret = token_urlsafe(32)
        provider.hook_secret, provider.hook_hash = secrets.seal(secret), hook_hash(secret)
    provider.checked_at, provider.check_fault, provider.waits_until = None, "", None
    try:
        with transaction.atomic():
            saved_check(provider, seen_at)
            provider.save()
            action = "provider.created" if is_new else "provider.changed"
            collaboration.audit_record(action=action, subject=provider, by=by, now=now)
    except IntegrityError as error:
        raise ValidationError({"name": _("There is a provider of this name already.")}) from error
    return provider


def _fill(provider: Provider, way: Way, told: Mapping[str, str]) -> None:
    faults: dict[str, str] = {key: _("There is no such setting.") for key in told}
    known = _known_secrets(provider)
    settings, sealed = dict(provider.settings), dict(known)
    for setting in way.settings:
        faults.pop(setting.key, None)
        value = str(told.get(setting.key, "")).strip()
        if setting.key in told and not (setting.is_secret and not value):
            (sealed if setting.is_secret else settings)[setting.key] = value
        if fault := _fault(setting, (sealed if setting.is_secret else settings).get(setting.key, "")):
            faults[setting.key] = fault
    if faults:
        raise ValidationError({key: [fault] for key, fault in faults.items()})
    provider.settings = settings
    if provider.pk is None or sealed != known:
        provider.credentials = secrets.seal(json.dumps(sealed))


def _fault(setting: Setting, value: str) -> str:
    """Return what is wrong with a value, for people; '' if nothing is."""
    if not value:
        return _("This is needed.") if setting.is_required else ""
    # It may end up in a header.
    if any(ord(character) < 32 for character in value) and not setting.is_long:
        return _("This has no line breaks.")
    if setting.is_url and not _is_url(value):
        return _("This is no address such as https://api.provider.example/v3/.")
    if setting.choices and value not in dict(setting.choices):
        return _("One of: %(choices)s.") % {"choices": ", ".join(key for key, _label in setting.choices)}
    return setting.fault(value) if setting.fault else ""


def _known_secrets(provider: Provider) -> dict[str, str]:
    """Return the secrets as they are; none where they cannot be read any more, so that all are asked for."""
    if provider.pk is None:
        return {}
    try:
        known: dict[str, str] = json.loads(secrets.unseal(provider.credentials))
    except secrets.SecretLost:
        return {}
    return known


def _is_url(written: str) -> bool:
    try:
        parts = urlsplit(written)
        _port, _host = parts.port, (parts.hostname or "").encode("idna")
    except ValueError:
        return False
    return parts.scheme in {"https", "http"} and bool(parts.hostname) and not (parts.username or parts.query)


@transaction.atomic
def provider_delete(*, provider: Provider, by: User, now: datetime) -> None:
    """
    Delete a provider that no sender names; its calls are not answered any more.

    :raises ProviderInUse: some do
    """
    provider = Provider.objects.select_for_update().get(pk=provider.pk)
    if count := provider.senders.count() + provider.sms_senders.count():
        sentence = ngettext(
            "%(count)s sender sends through this provider. Give it another one first.",
            "%(count)s senders send through this provider. Give them another one first.",
            count,
        )
        raise ProviderInUse(sentence % {"count": count})
    collaboration.audit_record(action="provider.deleted", subject=provider, by=by, now=now)
    provider.delete()


def provider_check(*, provider: Provider, by: User, now: datetime) -> Provider:
    """
    Ask the provider if it is there and knows us, and keep what it said in `check_fault`; '' is well.

    Nothing is sent. Not to be called within a transaction, which would last as long as the provider likes.
    """
    fault = ""
    try:
        ways()[provider.kind].check(provider)
    except ServerOutOfReach as failure:
        fault = str(failure) or type(failure).__name__
    except secrets.SecretLost:
        fault = _("The credentials cannot be read any more: type them again.")
    with transaction.atomic():
        # By `update`, which leaves `updated_at` alone: workers keep their connections.
        Provider.objects.filter(pk=provider.pk).update(checked_at=now, check_fault=fault[:500])
        collaboration.audit_record(
            action="provider.checked", subject=provider, by=by, now=now, details={"well": not fault}
        )
    provider.checked_at, provider.check_fault = now, fault[:500]
    return provider


def provider_call(*, provider: Provider, call: Call, now: datetime) -> CallAnswer:
    """
    Take in what a provider tells; the same call twice changes nothing.

    Each event is a transaction of its own, so that one that fails holds up no other.

    :raises CallRefused: it is not signed as the provider signs
    :raises CallNotUnderstood: nobody can read it
    """
    try:
        reports = ways()[provider.kind].calls_read(provider, call)
    except secrets.SecretLost as fault:
        raise CallRefused from fault
    taken = [_entered(report, now=now) for report in reports]
    return CallAnswer(taken=taken.count(True), known=taken.count(False), failed=taken.count(None))


def _entered(report: Report, *, now: datetime) -> bool | None:
    """Return whether the event was new; None where it could not be taken in."""
    try:
        if report.number:
            return text_stop(number=report.number, now=now)
        return report_enter(report=report, source=DeliveryReport.Source.PROVIDER, by=None, now=now).is_new
    except AddressInvalid:  # a short number, or a name: nobody who could be written to
        return False
    except (DatabaseError, ValueError, LookupError) as error:
        # Without its text: it is full of addresses.
        logger.error("an event of a provider could not be taken in: %s", type(error).__name__)  # noqa: TRY400
        return None


__all__ = [
    "Call",
    "CallAnswer",
    "CallNotUnderstood",
    "CallRefused",
    "ProviderInUse",
    "provider_call",
    "provider_check",
    "provider_delete",
    "provider_save",
]
