"""
The ways in which messages leave, one folder each; `base.Way` is all that the rest knows of them.

A folder that stands here is offered, without being named anywhere else: its package has `WAYS`.
"""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from django.utils.translation import gettext as _

from apps.messaging.channels.base import Engine, NotLetIn, Way
from apps.messaging.models import Message, Provider


@cache
def ways() -> dict[str, Way]:
    """Return all ways by their key, in the order of their folders."""
    folders = sorted(module.name for module in iter_modules(__path__) if module.ispkg)
    found = [way for folder in folders for way in import_module(f"{__name__}.{folder}").WAYS]
    return {way.key: way for way in found}


def kinds_of(channel: str) -> list[str]:
    """Return the kinds of providers for a channel."""
    return [way.key for way in ways().values() if way.is_configured and way.channel == channel]


def way_of(message: Message) -> tuple[Way, Provider | None]:
    """
    Return how a message goes and through which account: its sender's, or the mail server of the settings.

    :raises NotLetIn: there is none
    """
    assert message.sender
    provider = message.sender.sms_provider if message.is_text else message.sender.provider
    if provider is None and message.is_text:
        told = _("The sender “%(sender)s” has no provider for SMS.")
        raise NotLetIn(told % {"sender": message.sender.name})
    return ways()[provider.kind if provider else "smtp"], provider


def engine_of(message: Message) -> Engine:
    """
    Return this process's engine for a message.

    :raises ServerOutOfReach: there can be none, such as where credentials cannot be read any more
    """
    way, provider = way_of(message)
    return way.engine_kept(provider)
