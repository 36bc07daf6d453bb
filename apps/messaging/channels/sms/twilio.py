"""https://www.twilio.com/docs/messaging/api: sending, what becomes of texts, and what people answer."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

import requests
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.contacts.models import Channel
from apps.core.outgoing import GuardedSession
from apps.messaging.bounces import Report
from apps.messaging.channels.base import Call, CallRefused, NotLetIn, Setting, Way
from apps.messaging.channels.http import (
    REFUSED_US,
    HttpEngine,
    Said,
    is_yes,
    nonsense,
    outcome_of_failure,
    said_of_answer,
)
from apps.messaging.delivery.mail import Mail
from apps.messaging.delivery.outcome import Outcome
from apps.messaging.delivery.smtp import ServerOutOfReach, Timeouts
from apps.messaging.models import Provider, Verdict
from apps.messaging.selectors import provider_hook_url
from apps.messaging.tokens import Purpose, token_read

MARK = "key"  # in the address for what becomes of a text: its signed name
UNDERWAY = {"queued", "accepted", "scheduled", "sending", "sent", "receiving", "received", "delivered"}
STOPS = {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}
# https://www.twilio.com/docs/api/errors: an unknown handset, a landline, an unreachable carrier.
NO_SUCH_NUMBER = {"30005", "30006", "21211", "21614"}
MAY_PASS = {"30003", "30008", "30017"}


class Twilio(Way):
    key = "twilio"
    label = "Twilio"
    channel = Channel.SMS
    takes_calls = True
    settings = (
        Setting("account_sid", gettext_lazy("Account SID")),
        Setting("auth_token", gettext_lazy("Auth token"), is_secret=True),
        Setting(
            "api_url",
            gettext_lazy("Address of the API"),
            gettext_lazy("Only for a region, or a gateway that speaks as Twilio does."),
            is_required=False,
            is_url=True,
            default="https://api.twilio.com",
        ),
    )

    def engine(self, provider: Provider | None, *, timeouts: Timeouts) -> HttpEngine:
        assert provider
        url, auth = f"{_account(provider)}/Messages.json", _auth(provider)
        hook_url = provider_hook_url(provider)
        return HttpEngine(url, lambda: _Carrier(url, auth, hook_url, timeouts), timeouts=timeouts)

    def check(self, provider: Provider) -> None:
        with GuardedSession() as session:
            try:
                response = session.get(f"{_account(provider)}.json", auth=_auth(provider), timeout=(5, 10))
            except requests.RequestException as failure:
                raise ServerOutOfReach(outcome_of_failure(failure).answer) from failure
        if response.status_code in REFUSED_US:
            raise NotLetIn(_("It does not take these credentials (%(n)s).") % {"n": response.status_code})
        if not is_yes(response):
            told = _("It answers, but not as expected (%(n)s).")
            raise ServerOutOfReach(told % {"n": response.status_code})

    def calls_read(self, provider: Provider, call: Call) -> list[Report]:
        """Read what becomes of a text, or what somebody has answered: STOP as the whole of it."""
        signature = call.headers.get("X-Twilio-Signature", "")
        wanted = signature_of(call.url, call.fields, token=provider.secret("auth_token"))
        if not hmac.compare_digest(signature.encode("utf-8", "replace"), wanted.encode()):
            raise CallRefused
        report = _status(call) if "MessageStatus" in call.fields else _answer(call.fields)
        return [report] if report else []


def signature_of(url: str, fields: Mapping[str, str], *, token: str) -> str:
    """Return how Twilio signs a call: the address, and the fields by their names."""
    content = url + "".join(f"{name}{fields[name]}" for name in sorted(fields))
    digest = hmac.digest(token.encode(), content.encode("utf-8", "replace"), hashlib.sha1)
    return base64.b64encode(digest).decode()


class _Carrier:
    def __init__(self, url: str, auth: tuple[str, str], hook_url: str, timeouts: Timeouts) -> None:
        self._url = url
        self._auth = auth
        self._hook_url = hook_url
        self._timeout = (timeouts.connect, timeouts.answer)
        self._session = GuardedSession()

    def send(self, mail: Mail) -> Said:
        told = {"To": mail.recipient, "From": mail.sender, "Body": mail.content.decode()}
        if self._hook_url.startswith("https://"):  # Twilio refuses addresses that nobody reaches
            told["StatusCallback"] = f"{self._hook_url}?{MARK}={mail.mail_id}"
        response = self._session.post(self._url, data=told, auth=self._auth, timeout=self._timeout)
        words = " ".join(response.content[:2000].decode("utf-8", "replace").replace("\0", "").split())[:400]
        if not is_yes(response):
            return said_of_answer(response, told=words)
        try:
            answer = response.json()
            sid, status = str(answer["sid"]), str(answer["status"])
        except (ValueError, TypeError, LookupError):
            return nonsense(response, told=words)
        if status in {"failed", "undelivered"}:
            return Said(Outcome.refused(words))
        if status not in UNDERWAY:
            return nonsense(response, told=words)
        return Said(Outcome.sent(f"{status} as {sid}"[:500]))

    def close(self) -> None:
        self._session.close()


def _account(provider: Provider) -> str:
    base = (provider.setting("api_url") or "https://api.twilio.com").rstrip("/")
    return f"{base}/2010-04-01/Accounts/{provider.setting('account_sid')}"


def _auth(provider: Provider) -> tuple[str, str]:
    return provider.setting("account_sid"), provider.secret("auth_token")


def _status(call: Call) -> Report | None:
    status, code = call.fields["MessageStatus"], call.fields.get("ErrorCode", "")
    if status == "delivered":
        verdict = Verdict.DELIVERED
    elif status in {"failed", "undelivered"}:
        is_gone, may_pass = code in NO_SUCH_NUMBER, code in MAY_PASS
        verdict = Verdict.HARD if is_gone else Verdict.SOFT if may_pass else Verdict.OURS
    else:
        return None
    name = parse_qs(urlsplit(call.url).query).get(MARK, [""])[0]
    found = token_read(Purpose.MAIL, name)
    recipient_id = found[0] if found else None
    key = f"{recipient_id}:{verdict}:{call.fields.get('MessageSid', '')}".encode("utf-8", "replace")
    answer = f"{status} {code}".replace("\0", "").strip()[:100]
    return Report(verdict, recipient_id, hashlib.sha256(key).digest(), answer=answer)


def _answer(fields: Mapping[str, str]) -> Report | None:
    if fields.get("Body", "").strip().strip(".!").lower() not in STOPS:
        return None
    key = f"stop:{fields.get('MessageSid', '')}".encode("utf-8", "replace")
    number = fields.get("From", "")
    return Report(Verdict.UNSUBSCRIBED, None, hashlib.sha256(key).digest(), number=number)
