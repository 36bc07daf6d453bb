"""
What a provider tells afterwards: its events, read by django-anymail, each as a report like those of bounces.

An event is about a mail of ours only if it brings back what that mail carried under our signature: the name
in its metadata, or its Message-ID.
"""

import hashlib
import json
import logging
import re
from collections.abc import Callable
from typing import Any

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from anymail.webhooks.base import AnymailBaseWebhookView

from apps.messaging.bounces import MAIL_TOKEN, STATUS, Report, bounce_verdict
from apps.messaging.channels.base import Call, CallNotUnderstood, CallRefused
from apps.messaging.models import Verdict
from apps.messaging.tokens import Purpose, token_read

logger = logging.getLogger(__name__)

MOST_EVENTS = 5000  # in one call
# What else there is says nothing that is not known here: opens and clicks are counted by our own links.
VERDICTS = {
    EventType.DELIVERED: Verdict.DELIVERED,
    EventType.DEFERRED: Verdict.DELAYED,
    EventType.COMPLAINED: Verdict.COMPLAINT,
    EventType.UNSUBSCRIBED: Verdict.UNSUBSCRIBED,
}
RETURNED = {EventType.BOUNCED, EventType.REJECTED, EventType.FAILED}
# Why a provider does not even try: it knows the address from before.
KNOWN_BAD = {RejectReason.INVALID, RejectReason.BOUNCED}


class Calls:
    """Reads the calls of one provider."""

    def __init__(
        self,
        view: type[AnymailBaseWebhookView],
        options: dict[str, Any],
        *,
        mark: str,
        is_hard: Callable[[dict[str, Any]], bool | None],
    ) -> None:
        # The secret in the address, which no other caller knows, stands for a user name and password.
        quiet = type("Quiet", (view,), {"warn_if_no_basic_auth": False})
        self._view = quiet(**options)
        self._mark = mark
        self._is_hard = is_hard

    def read(self, call: Call) -> list[Report]:
        """
        Return one report for each event that says something.

        :raises CallRefused: the signature is not the provider's
        :raises CallNotUnderstood: it is no JSON, or far too much
        """
        if call.content_type != "application/json":
            raise CallNotUnderstood
        try:
            self._view.run_validators(call)  # it reads of it what a request has too
            told = json.loads(call.body)
        except AnymailWebhookValidationFailure as refusal:
            raise CallRefused from refusal
        except (
            ValueError,
            TypeError,
            RecursionError,
        ) as fault:  # no JSON, or a signature that is not even text
            raise CallNotUnderstood from fault
        events = told if isinstance(told, list) else [told]
        if len(events) > MOST_EVENTS:
            raise CallNotUnderstood
        return [report for event in events if (report := self._report(event))]

    def _report(self, told: object) -> Report | None:
        """Read one event; one that nobody can read is nobody's loss but its own."""
        try:
            event = self.event(told)
            verdict = self._verdict(event) if event else None
            return self._as_report(event, verdict) if event and verdict else None
        except Exception as fault:
            # Without its text, which is full of addresses.
            logger.warning("an event of a provider could not be read: %s", type(fault).__name__)
            return None

    def event(self, told: object) -> AnymailTrackingEvent | None:
        """Return anymail's reading of one event; None for one that is empty."""
        if not isinstance(told, dict):
            raise TypeError
        if "msys" not in told:
            return self._view.esp_to_anymail_event(told)
        kind, inner, raw = self._view.unwrap_event(told)  # SparkPost's, which come wrapped
        return self._view.esp_to_anymail_event(kind, inner, raw) if inner else None

    def _verdict(self, event: AnymailTrackingEvent) -> Verdict | None:
        if event.event_type not in RETURNED:
            return VERDICTS.get(event.event_type)
        if event.reject_reason in {RejectReason.SPAM, RejectReason.UNSUBSCRIBED, RejectReason.BLOCKED}:
            return Verdict.OURS
        is_hard = self._is_hard(event.esp_event)
        if is_hard is not None:
            return Verdict.HARD if is_hard else Verdict.SOFT
        if status := _status(event):
            return bounce_verdict(status)
        return Verdict.HARD if event.reject_reason in KNOWN_BAD else Verdict.OURS

    def _as_report(self, event: AnymailTrackingEvent, verdict: Verdict) -> Report:
        recipient_id = self._whose(event)
        name = event.event_id or f"{event.message_id}:{event.timestamp}"
        answer = event.mta_response or event.description or ""
        key = f"{recipient_id}:{verdict}:{name}".encode("utf-8", "replace")
        return Report(
            verdict=verdict,
            recipient_id=recipient_id,
            event_key=hashlib.sha256(key).digest(),
            status=_status(event),
            answer=" ".join(str(answer).replace("\0", "").split())[:500],
        )

    def _whose(self, event: AnymailTrackingEvent) -> int | None:
        metadata = event.metadata if isinstance(event.metadata, dict) else {}
        tokens = [str(metadata.get(self._mark, "")), *MAIL_TOKEN.findall(str(event.message_id or ""))]
        told = {found[0] for token in tokens if (found := token_read(Purpose.MAIL, token))}
        return told.pop() if len(told) == 1 else None


def _status(event: AnymailTrackingEvent) -> str:
    """Return the status of RFC 3463 that the receiver's words hold, '' if they hold none."""
    found = STATUS.search(str(event.mta_response or ""))
    return re.sub(r"\s", "", found[0]) if found else ""
