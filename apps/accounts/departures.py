"""
What someone leaves behind who is deactivated: each app says it in a sentence, before the act.

    departures.register("campaigns", lambda user: [_("Contributes to 3 campaigns.")])

What is theirs and must be somebody's goes to a successor, in the same transaction as they go:

    estates.register("channels", Estate(
        label=_("Channels"),
        owned=lambda user: Channel.objects.filter(owner=user),
        heirs=lambda: User.objects.active(),
        move=…,  # gives those that are still the giver's to the taker, audits it, returns their keys
        url=lambda channel: reverse("campaigns:channel", args=[channel.pk]),
    ))
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.db.models import QuerySet
from django.utils.functional import Promise

from apps.accounts.models import User
from apps.core.registry import Registry

departures: Registry[Callable[[User], list[str]]] = Registry()


class Move(Protocol):
    def __call__(
        self, keys: Sequence[int], *, giver: User, taker: User, by: User, now: datetime
    ) -> list[int]: ...


@dataclass(frozen=True)
class Estate:
    """One kind of what somebody owns. `owned` has an order; `heirs` may take it."""

    label: str | Promise
    owned: Callable[[User], QuerySet[Any]]
    heirs: Callable[[], QuerySet[User]]
    move: Move
    url: Callable[[Any], str]
    name: Callable[[Any], str] = str


estates: Registry[Estate] = Registry()
