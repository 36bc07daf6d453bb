"""
The ways in which messages leave, one folder each; `base.Way` is all that the rest knows of them.

A folder that stands here is offered, without being named anywhere else: its package has `WAYS`.
"""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from apps.messaging.channels.base import Engine, Way
from apps.messaging.models import Sender


@cache
def ways() -> dict[str, Way]:
    """Return all ways by their key, in the order of their folders."""
    folders = sorted(module.name for module in iter_modules(__path__) if module.ispkg)
    found = [way for folder in folders for way in import_module(f"{__name__}.{folder}").WAYS]
    return {way.key: way for way in found}


def way_of(sender: Sender) -> Way:
    """Return the way that a sender's messages go: its provider's, or the mail server of the settings."""
    return ways()[sender.provider.kind if sender.provider else "smtp"]


def engine_of(sender: Sender) -> Engine:
    """
    Return this process's engine for a sender.

    :raises ServerOutOfReach: there can be none, such as where its credentials cannot be read any more
    """
    return way_of(sender).engine_kept(sender.provider)
