"""
What all ways that speak HTTP share: calls side by side, and what an answer, or none, means.

The point of no return of an HTTP call is its first byte. A connection that never stood has carried nothing;
after that only an answer that can be understood tells what became of the message.
"""

import logging
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol
from urllib.parse import urlsplit

import requests
from django.utils.translation import gettext as _
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from apps.core.outgoing import dial
from apps.messaging.channels.base import NotLetIn, NotYet
from apps.messaging.delivery.mail import Mail
from apps.messaging.delivery.outcome import Outcome
from apps.messaging.delivery.smtp import ServerOutOfReach, Timeouts

logger = logging.getLogger(__name__)

CALLS = 8  # side by side
LONGEST_WAIT = 3600.0
# Seconds for which nothing is tried after credentials were refused. What waits is paused by then, and whoever
# lets it go on may have mended them at the provider, of which nothing here would know.
LOCKED_FOR = 60.0
UNCONNECTED = (
    NewConnectionError,
    ConnectTimeoutError,
    requests.ConnectTimeout,
    ssl.SSLCertVerificationError,  # the certificate of somebody else: nothing was said to them
)
REFUSED_US = {401, 402, 403}
FRESH = 30.0  # so many seconds after an answer nobody asks again if the other side is there


@dataclass(frozen=True)
class Said:
    """What became of one message, and what the answer says of the next ones."""

    outcome: Outcome
    wait: float = 0.0  # seconds that the provider asked for
    is_locked: bool = False  # it does not take our credentials


class Carrier(Protocol):
    """One caller, in a thread of its own: hands over one message after the other."""

    def send(self, mail: Mail) -> Said:
        """Hand one over. An exception of `requests` says that the call failed."""

    def close(self) -> None: ...


class HttpEngine:
    """Several carriers at work; knows when the provider asked for a pause, or does not let us in."""

    def __init__(
        self, url: str, make: Callable[[], Carrier], *, timeouts: Timeouts, calls: int = CALLS
    ) -> None:
        self._url = urlsplit(url)
        self._make = make
        self._timeouts = timeouts
        self._calls = calls
        self._threads = threading.local()
        self._carriers: list[Carrier] = []
        self._pool = ThreadPoolExecutor(calls, thread_name_prefix="http")
        self._flights = ThreadPoolExecutor(1, thread_name_prefix="flight")
        self._closed_until = 0.0
        self._heard_at = 0.0
        self._lock, self._locked_until = "", 0.0

    def reach(self) -> None:
        """
        Make sure that the provider is there, lets us in and wants to hear from us now.

        :raises ServerOutOfReach: with the reason, for people
        """
        now = time.monotonic()
        if now < self._locked_until:
            raise NotLetIn(self._lock)
        if now < self._closed_until:
            told = _("The provider asks to wait for %(n)s more seconds.")
            raise NotYet(told % {"n": round(self._closed_until - now) or 1})
        if now - self._heard_at > FRESH:
            self._knock()

    def asked_to_wait(self) -> float:
        return max(0.0, self._closed_until - time.monotonic())

    def _knock(self) -> None:
        host = self._url.hostname or ""
        port = self._url.port or (443 if self._url.scheme == "https" else 80)
        try:
            dial(host, port, timeout=self._timeouts.connect).close()
        except OSError as error:
            raise ServerOutOfReach(f"No connection to {host}:{port}: {error}") from error
        self._heard_at = time.monotonic()

    def deliver(self, mails: Iterable[Mail]) -> "Future[dict[int, Outcome]]":
        """Hand messages over; the future tells how each ended, by `id`. It never raises for one's sake."""
        return self._flights.submit(self._deliver, list(mails))

    def _deliver(self, mails: list[Mail]) -> dict[int, Outcome]:
        calls = {mail.id: self._pool.submit(self._hand, mail) for mail in mails}
        # As many rounds as there are messages for each caller, and then some: whatever the other side does,
        # drops of an answer included, this ends before the lease does.
        patience = (self._timeouts.connect + self._timeouts.answer) * 1.5
        deadline = time.monotonic() + patience
        outcomes = {pk: self._outcome(call, deadline) for pk, call in calls.items()}
        if not all(call.done() for call in calls.values()):
            self._pool.shutdown(wait=False)
            self._pool = ThreadPoolExecutor(self._calls, thread_name_prefix="http")
        return outcomes

    def _outcome(self, call: "Future[Said]", deadline: float) -> Outcome:
        try:
            return call.result(timeout=max(0.0, deadline - time.monotonic())).outcome
        except NotInTime:
            if call.cancel():
                return Outcome.untried("Its turn did not come in time.")
            return Outcome.silence("No whole answer came in time.")

    def _note(self, said: Said) -> None:
        if said.wait:
            self._closed_until = max(self._closed_until, time.monotonic() + said.wait)
        if said.is_locked:
            self._lock = _("The provider does not let us in: %(answer)s") % {"answer": said.outcome.answer}
            self._locked_until = time.monotonic() + LOCKED_FOR

    def _hand(self, mail: Mail) -> Said:
        now = time.monotonic()
        if now < self._locked_until:
            return Said(Outcome.untried(self._lock))
        if now < self._closed_until:
            return Said(Outcome.untried("The provider asks to wait."))
        try:
            said = self._carrier().send(mail)
        except requests.RequestException as failure:
            said = Said(outcome_of_failure(failure))
        except Exception as failure:
            # Whatever it was, the message may have left; and an outcome there must be.
            logger.exception("a message could not be handed over as it should")
            said = Said(Outcome.silence(f"Something failed here: {type(failure).__name__}."))
        else:
            self._heard_at = time.monotonic()
        self._note(said)  # at once: the next call must not be made if this one's answer says so
        return said

    def _carrier(self) -> Carrier:
        carrier: Carrier | None = getattr(self._threads, "carrier", None)
        if carrier is None:
            carrier = self._threads.carrier = self._make()
            self._carriers.append(carrier)
        return carrier

    def close(self) -> None:
        """End the threads; a call that hangs is not waited for."""
        self._flights.shutdown(wait=False)
        self._pool.shutdown(wait=False, cancel_futures=True)
        for carrier in self._carriers:
            carrier.close()


def outcome_of_failure(failure: requests.RequestException) -> Outcome:
    """Return what a call that failed means: nothing has left, or nobody can know."""
    if never_connected(failure):
        return Outcome.untried(f"No connection: {reason_of(failure)}"[:500])
    if isinstance(failure, ValueError) and not isinstance(failure, requests.exceptions.JSONDecodeError):
        return Outcome.our_fault(f"This cannot be called: {failure}"[:500])  # an address that is none
    return Outcome.silence(f"No answer: {reason_of(failure)}"[:500])


def never_connected(failure: BaseException | None) -> bool:
    """Test if no connection came about, so that nothing can have been said over it."""
    while failure is not None:
        if isinstance(failure, UNCONNECTED):
            return True
        if never_connected(_wrapped(failure)):
            return True
        failure = failure.__cause__
    return False


def reason_of(failure: BaseException) -> str:
    """Return the innermost words: the outer ones repeat addresses and name classes."""
    while (inner := failure.__cause__ or _wrapped(failure)) is not None:
        failure = inner
    return str(failure).rpartition("): ")[2] or type(failure).__name__


def _wrapped(failure: BaseException) -> BaseException | None:
    """Return the failure that one of urllib3 or requests carries inside."""
    inner = getattr(failure, "reason", None) or next(iter(failure.args), None)
    return inner if isinstance(inner, BaseException) and inner is not failure else None


def nonsense(response: requests.Response, *, told: str) -> Said:
    """Return what a yes means that does not say so in the way that was agreed: nobody can know."""
    return Said(Outcome.silence(f"{response.status_code} {told}".strip()[:500]))


def is_yes(response: requests.Response) -> bool:
    return 200 <= response.status_code < 300


def said_of_answer(response: requests.Response, *, told: str, repeats: bool = False) -> Said:
    """
    Return what an answer other than a yes means. `told` are the words to keep.

    A 500, 502 or 504 may come from behind the point at which the message was taken: nobody can know, unless
    `repeats`, for whoever knows a message by its key and takes it once however often it comes.
    """
    status = response.status_code
    answer = f"{status} {told}".strip()[:500]
    if status in REFUSED_US:
        return Said(Outcome.untried(answer), is_locked=True)
    if status in {408, 425, 429, 503}:
        return Said(Outcome.not_now(answer), wait=retry_after(response))
    if status >= 500:
        return Said(Outcome.not_now(answer) if repeats else Outcome.silence(answer))
    if 400 <= status < 500:
        return Said(Outcome.refused(answer))
    return Said(Outcome.silence(answer))  # neither a yes nor a no: a redirect, or something made up


def retry_after(response: requests.Response) -> float:
    """Return the seconds that an answer asks to wait: a number, or until a date; within an hour."""
    written = response.headers.get("Retry-After", "").strip()
    if not written:
        return 0.0
    try:
        seconds = float(written)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(written) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return 0.0
    return min(max(seconds, 0.0), LONGEST_WAIT)
