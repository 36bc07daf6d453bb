"""What a way of sending has to offer: the one interface between the ledger and whatever carries a message."""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from apps.contacts.models import Channel
from apps.core.secrets import SecretLost
from apps.messaging.bounces import Report
from apps.messaging.delivery.mail import Mail
from apps.messaging.delivery.outcome import Outcome
from apps.messaging.delivery.smtp import ServerOutOfReach, Timeouts
from apps.messaging.models import Provider


class NotLetIn(ServerOutOfReach):
    """The provider does not take our credentials: until somebody mends them there is nothing to try."""


class NotYet(ServerOutOfReach):
    """The provider has asked us to wait. Nothing is wrong; the rows stay in line."""


class NotPreviewed(Exception):
    """What was typed cannot be shown as it would go out. The text says why, for people."""


class CallRefused(Exception):
    """What came in does not prove that it is the provider's. Nothing of it is looked at."""


class CallNotUnderstood(Exception):
    """It is the provider's, but nothing that anybody could read."""


@dataclass(frozen=True)
class Call:
    """What a provider has sent us: headers in any case, `fields` of a form, `url` as it was called."""

    url: str
    content_type: str
    headers: Mapping[str, str]
    body: bytes
    fields: Mapping[str, str]


@dataclass(frozen=True)
class Setting:
    """One thing that a provider has to be told, in a form and over the API. A secret is kept sealed."""

    key: str
    label: str | Promise
    help_text: str | Promise = ""
    is_secret: bool = False
    is_required: bool = True
    is_url: bool = False
    is_long: bool = False  # a text of several lines
    choices: Sequence[tuple[str, str | Promise]] = ()  # what it has to be one of, if anything
    default: str = ""
    fault: Callable[[str], str] | None = None  # what else is wrong with a value, for people; '' is nothing


class Engine(Protocol):
    """
    Hands messages over and says how each ended; keeps what connections it likes between calls.

    `deliver` is called past the point of no return: every message that it is given gets an outcome, and one
    of which nobody can know the end is `unknown`. It never raises for a message's sake.
    """

    def reach(self) -> None:
        """
        Make sure that messages can be handed over now, before any is begun.

        :raises ServerOutOfReach: with the reason, for people; `NotLetIn` and `NotYet` among them
        """

    def deliver(self, mails: Iterable[Mail]) -> "Future[dict[int, Outcome]]": ...

    def asked_to_wait(self) -> float:
        """Return for how many seconds more the other side wants to hear nothing; 0 if it does not mind."""

    def close(self) -> None: ...


class Way(ABC):
    """One way of sending. An adapter is a subclass and an entry in its folder's `WAYS`."""

    key: str
    label: str | Promise
    channel: Channel = Channel.EMAIL
    settings: Sequence[Setting] = ()
    # Whether there is more than one: each a provider that somebody has written down.
    is_configured = True
    speaks_smtp = False  # whether its answers begin with a code of SMTP, and not of HTTP
    takes_calls = False  # whether the provider tells afterwards, at `/hooks/<key>/<secret>`

    @abstractmethod
    def engine(self, provider: Provider | None, *, timeouts: Timeouts) -> Engine:
        """
        Return a new engine.

        :raises SecretLost: the provider's credentials were sealed with a SECRET_KEY that is gone
        """

    def check(self, provider: Provider) -> None:  # noqa: B027 (not every way has somebody to ask)
        """
        Ask the provider if it knows us, without sending anything.

        :raises ServerOutOfReach: why not, for people
        :raises SecretLost: as for `engine`
        """

    def preview(self, told: Mapping[str, str], data: Mapping[str, object]) -> str:
        """
        Return what a message looks like on its way, `told` being settings and `data` a contact's; '' where
        the shape is the provider's own affair.

        :raises NotPreviewed: the settings are not fit for it
        """
        return ""

    def engine_kept(self, provider: Provider | None) -> Engine:
        """
        Return this process's engine for a provider as it is set now: made on first use, after the fork.

        :raises ServerOutOfReach: its credentials cannot be read any more
        """
        assert provider
        key = (self.key, provider.pk, provider.updated_at, os.getpid())
        if key not in _engines:
            _engines_forget(self.key, provider.pk)
            try:
                _engines[key] = self.engine(provider, timeouts=TIMEOUTS)
            except SecretLost as fault:
                told = _("The credentials of “%(name)s” cannot be read any more: type them again.")
                raise NotLetIn(told % {"name": provider.name}) from fault
        return _engines[key]

    def calls_read(self, provider: Provider, call: Call) -> list[Report]:
        """
        Return what a call of the provider says, one report an event; what concerns nobody is left out.

        :raises CallRefused: it is not signed as the provider signs
        :raises CallNotUnderstood: nobody can read it
        """
        raise CallNotUnderstood


TIMEOUTS = Timeouts(connect=15, command=30, answer=60)
_engines: dict[tuple[str, int, datetime, int], Engine] = {}


def _engines_forget(key: str, pk: int) -> None:
    """Close what was made for the provider as it was before."""
    for known in [known for known in _engines if known[:2] == (key, pk)]:
        _engines.pop(known).close()


def engines_close() -> None:
    """Close all; for tests and for the end of a process."""
    while _engines:
        _key, engine = _engines.popitem()
        engine.close()
