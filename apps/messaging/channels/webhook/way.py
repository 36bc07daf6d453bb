import hashlib
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import requests
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.contacts.models import Channel
from apps.content.rendering import RenderFault
from apps.core.outgoing import GuardedSession
from apps.messaging.bounces import Report
from apps.messaging.channels.base import (
    TIMEOUTS,
    Call,
    CallNotUnderstood,
    CallRefused,
    NotLetIn,
    NotPreviewed,
    Setting,
    Way,
)
from apps.messaging.channels.http import (
    REFUSED_US,
    HttpEngine,
    Said,
    is_yes,
    outcome_of_failure,
    said_of_answer,
)
from apps.messaging.channels.parts import parts_of
from apps.messaging.channels.webhook.payload import Payload, payload_fault
from apps.messaging.channels.webhook.signing import is_signed, secret_fault, signed
from apps.messaging.delivery.mail import Mail
from apps.messaging.delivery.outcome import Outcome
from apps.messaging.delivery.smtp import ServerOutOfReach, Timeouts
from apps.messaging.models import Provider, Verdict
from apps.messaging.tokens import Purpose, token_read

GONE = 410  # "do not call here again"
MOST_EVENTS = 1000  # in one call
EVENTS = {
    "delivered": Verdict.DELIVERED,
    "deferred": Verdict.DELAYED,
    "bounced": Verdict.HARD,
    "soft_bounced": Verdict.SOFT,
    "rejected": Verdict.OURS,
    "complained": Verdict.COMPLAINT,
    "unsubscribed": Verdict.UNSUBSCRIBED,
}
SAMPLE = {
    "key": "AbCdEf0123456789",
    "to": "alex.morgan@example.com",
    "from": "Shop <news@shop.example>",
    "reply_to": None,
    "subject": "Spring is here",
    "text": "Dear Alex, come and see.",
    "html": "<p>Dear Alex, come and see.</p>",
    "headers": {"Message-ID": "<AbCdEf0123456789@shop.example>"},
}
SAMPLE_TEXT = {
    "key": "AbCdEf0123456789",
    "to": "+15550100",
    "from": "Shop",
    "text": "Dear Alex, come and see. STOP to end.",
}

Told = dict[str, Any]
# What is said of a message, what it was filled in with, and the second of the call -> the document.
Writer = Callable[[Told, Mapping[str, object], int], Any]


class Webhook(Way):
    key = "webhook"
    label = gettext_lazy("Webhook (signed JSON)")
    takes_calls = True
    settings = (
        Setting("url", gettext_lazy("Address"), gettext_lazy("Where each mail is posted."), is_url=True),
        Setting(
            "signing_secret",
            gettext_lazy("Signing secret"),
            gettext_lazy("whsec_ and 24 to 64 bytes in base64, as Standard Webhooks has it."),
            is_secret=True,
            fault=secret_fault,
        ),
        Setting(
            "payload",
            gettext_lazy("JSON of your own"),
            gettext_lazy(
                "What the receiver wants instead, with fields in its texts: {{ mail.to }}, mail.from, "
                "mail.subject, mail.text, mail.html, mail.key, {{ contact.first_name | default: 'you' }}, "
                "campaign.name, message.name. Empty: our own."
            ),
            is_required=False,
            is_long=True,
            fault=payload_fault,
        ),
    )
    sample: Told = SAMPLE

    def engine(self, provider: Provider | None, *, timeouts: Timeouts) -> HttpEngine:
        assert provider
        url, secret = provider.setting("url"), provider.secret("signing_secret")
        write = _writer(provider.setting("payload"))
        return HttpEngine(url, lambda: _Carrier(url, secret, self.told, write, timeouts), timeouts=timeouts)

    def told(self, mail: Mail) -> Told:
        """Return what is said of a message."""
        parts = parts_of(mail)
        return {
            "key": _key(mail),
            "to": mail.recipient,
            "from": parts.sender,
            "reply_to": parts.reply_to or None,
            "subject": parts.subject,
            "text": parts.text,
            "html": parts.html,
            "headers": {"Message-ID": f"<{mail.mail_id}>", **parts.headers},
        }

    def preview(self, told: Mapping[str, str], data: Mapping[str, object]) -> str:
        written = told.get("payload", "").strip()
        if fault := payload_fault(written) if written else "":
            raise NotPreviewed(fault)
        try:
            document = _writer(written)(self.sample, data, int(time.time()))
        except RenderFault as failure:
            raise NotPreviewed(str(failure)) from failure
        return json.dumps(document, indent=2, ensure_ascii=False)

    def check(self, provider: Provider) -> None:
        """Ping, or only knock: a receiver that wants a document of its own would not know what a ping is."""
        if provider.setting("payload"):
            engine = self.engine(provider, timeouts=TIMEOUTS)
            try:
                engine.reach()
            finally:
                engine.close()
            return
        url, secret = provider.setting("url"), provider.secret("signing_secret")
        with GuardedSession() as session:
            try:
                ping = _standard("ping", {}, int(time.time()))
                response = _post(session, url, secret, ping, name=f"ping-{time.time_ns()}")
            except requests.RequestException as failure:
                raise ServerOutOfReach(outcome_of_failure(failure).answer) from failure
        if response.status_code in REFUSED_US:
            raise NotLetIn(_("It does not take these credentials (%(n)s).") % {"n": response.status_code})
        if not is_yes(response):
            told = _("It answers, but not as expected (%(n)s).")
            raise ServerOutOfReach(told % {"n": response.status_code})

    def calls_read(self, provider: Provider, call: Call) -> list[Report]:
        secret = provider.secret("signing_secret")
        if not is_signed(call.body, call.headers, secret=secret, at=int(time.time())):
            raise CallRefused
        try:
            events = json.loads(call.body)["events"]
        except (ValueError, TypeError, LookupError, RecursionError) as fault:
            raise CallNotUnderstood from fault
        if not isinstance(events, list) or len(events) > MOST_EVENTS:
            raise CallNotUnderstood
        return [report for event in events if (report := _report(event))]


class TextWebhook(Webhook):
    key = "webhook-sms"
    label = gettext_lazy("Webhook for SMS (signed JSON)")
    channel = Channel.SMS
    sample = SAMPLE_TEXT

    def told(self, mail: Mail) -> Told:
        return {"key": _key(mail), "to": mail.recipient, "from": mail.sender, "text": mail.content.decode()}


def _key(mail: Mail) -> str:
    return mail.mail_id.partition("@")[0]


def _writer(payload: str) -> Writer:
    """
    Return what writes the document of a call: our own, or as they want it.

    :raises PayloadFault: theirs is none
    """
    if not payload:
        return lambda told, data, at: _standard("message.send", told, at)
    document = Payload(payload)
    return lambda told, data, at: document.filled({**data, "mail": told})


def _standard(kind: str, data: Told, at: int) -> Told:
    return {"type": kind, "timestamp": at, "data": data}


class _Carrier:
    def __init__(
        self, url: str, secret: str, told: Callable[[Mail], Told], write: Writer, timeouts: Timeouts
    ) -> None:
        self._told = told
        self._write = write
        self._url = url
        self._secret = secret
        self._timeout = (timeouts.connect, timeouts.answer)
        self._session = GuardedSession()

    def send(self, mail: Mail) -> Said:
        try:
            document = self._write(self._told(mail), mail.data or {}, int(time.time()))
        except RenderFault as fault:
            why = _("The JSON fails on this contact's data: %(fault)s") % {"fault": fault}
            return Said(Outcome.our_fault(why[:500]))
        response = _post(
            self._session, self._url, self._secret, document, name=_key(mail), timeout=self._timeout
        )
        told = " ".join(response.content[:2000].decode("utf-8", "replace").replace("\0", "").split())[:400]
        if is_yes(response):
            return Said(Outcome.sent(f"{response.status_code} {told}".strip()))
        if response.status_code == GONE:
            return Said(Outcome.untried(f"{GONE} {told}".strip()), is_locked=True)
        return said_of_answer(response, told=told, repeats=True)

    def close(self) -> None:
        self._session.close()


def _post(
    session: GuardedSession,
    url: str,
    secret: str,
    document: Any,
    *,
    name: str,
    timeout: tuple[float, float] = (5, 10),
) -> requests.Response:
    body = json.dumps(document).encode()
    headers = signed(body, secret=secret, name=name, at=int(time.time()))
    headers |= {"Content-Type": "application/json", "Idempotency-Key": name}
    return session.post(url, data=body, headers=headers, timeout=timeout)


def _report(event: object) -> Report | None:
    """Read one event; None where it says nothing that anybody knows here."""
    if not isinstance(event, dict) or (verdict := EVENTS.get(str(event.get("event")))) is None:
        return None
    found = token_read(Purpose.MAIL, str(event.get("key", "")))
    recipient_id = found[0] if found else None
    name = str(event.get("id") or "")
    answer, status = str(event.get("answer") or ""), str(event.get("status") or "")
    return Report(
        verdict=verdict,
        recipient_id=recipient_id,
        event_key=hashlib.sha256(f"{recipient_id}:{verdict}:{name}".encode("utf-8", "replace")).digest(),
        status=status.replace("\0", "")[:16],
        answer=" ".join(answer.replace("\0", "").split())[:500],
    )
