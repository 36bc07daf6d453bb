"""
What the e-mail providers share. django-anymail knows how each wants to be told of a mail, and reads its
answers and calls; what those mean for a row of the ledger is said here.
"""

from abc import abstractmethod
from typing import Any, ClassVar

import requests
from anymail.backends.base_requests import AnymailRequestsBackend
from anymail.exceptions import AnymailError, AnymailRecipientsRefused, AnymailRequestsAPIError
from anymail.webhooks.base import AnymailBaseWebhookView
from django.core.mail import EmailMultiAlternatives
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.outgoing import GuardedSession
from apps.messaging.bounces import Report
from apps.messaging.channels.base import Call, NotLetIn, Setting, Way
from apps.messaging.channels.esp.calls import Calls
from apps.messaging.channels.http import (
    REFUSED_US,
    HttpEngine,
    Said,
    is_yes,
    nonsense,
    outcome_of_failure,
    said_of_answer,
)
from apps.messaging.channels.parts import parts_of
from apps.messaging.delivery.mail import Mail
from apps.messaging.delivery.outcome import Outcome
from apps.messaging.delivery.smtp import ServerOutOfReach, Timeouts
from apps.messaging.models import Provider

MARK = "bookend"  # the key of metadata under which a mail carries its signed name, and events bring it back
TOOK = {"sent", "queued"}


class Esp(Way):
    """One e-mail provider: which of anymail's classes speak to it, and what its events mean."""

    takes_calls = True
    backend: ClassVar[type[AnymailRequestsBackend]]
    calls: ClassVar[type[AnymailBaseWebhookView]]
    default_url: ClassVar[str]
    keeps_mail_id = False  # whether it lets our Message-ID stand
    more_headers: ClassVar[dict[str, str]] = {}

    @abstractmethod
    def options(self, provider: Provider) -> dict[str, Any]:
        """Return what anymail's backend is made with, besides the address of the API."""

    @abstractmethod
    def asked(self, provider: Provider) -> tuple[str, dict[str, Any]]:
        """Return the path and the options of a call that only tells who we are."""

    def call_options(self, provider: Provider) -> dict[str, Any]:
        """Return what anymail's reader of calls is made with."""
        return {}

    @abstractmethod
    def is_hard(self, event: dict[str, Any]) -> bool | None:
        """Test if a bounce means that there is no such address; None: nothing is said of that."""

    def url(self, provider: Provider) -> str:
        return (provider.setting("api_url") or self.default_url).rstrip("/") + "/"

    def engine(self, provider: Provider | None, *, timeouts: Timeouts) -> HttpEngine:
        assert provider
        url, options = self.url(provider), self.options(provider)
        return HttpEngine(url, lambda: _Carrier(self, url, options, timeouts), timeouts=timeouts)

    def check(self, provider: Provider) -> None:
        path, options = self.asked(provider)
        try:
            with GuardedSession() as session:
                response = session.get(self.url(provider) + path, timeout=(5, 10), **options)
        except requests.RequestException as failure:
            raise ServerOutOfReach(outcome_of_failure(failure).answer) from failure
        if response.status_code in REFUSED_US:
            raise NotLetIn(_("It does not take these credentials (%(n)s).") % {"n": response.status_code})
        if not is_yes(response):
            raise ServerOutOfReach(
                _("It answers, but not as expected (%(n)s).") % {"n": response.status_code}
            )

    def calls_read(self, provider: Provider, call: Call) -> list[Report]:
        return Calls(self.calls, self.call_options(provider), mark=MARK, is_hard=self.is_hard).read(call)


def api_url(default: str) -> Setting:
    return Setting(
        "api_url",
        gettext_lazy("Address of the API"),
        gettext_lazy("Where the provider has several regions, that of yours."),
        is_required=False,
        is_url=True,
        default=default,
    )


class _Carrier:
    """Anymail's backend for one provider, on a session that goes to public addresses only."""

    def __init__(self, way: Esp, url: str, options: dict[str, Any], timeouts: Timeouts) -> None:
        self._way = way
        backend = type("Guarded", (_Guarded, way.backend), {})
        self._backend = backend(api_url=url, timeout=(timeouts.connect, timeouts.answer), **options)
        self._backend.open()

    def send(self, mail: Mail) -> Said:
        try:
            message = self._message(mail)
            self._backend.send_messages([message])
        except AnymailRecipientsRefused as refusal:
            return Said(Outcome.refused(_told(refusal.response)))
        except AnymailRequestsAPIError as failure:
            return _said(failure)
        except AnymailError as fault:  # nothing was sent: this provider cannot be told of such a mail
            return Said(Outcome.our_fault(" ".join(str(fault).split())[:500]))
        return self._ended(message)

    def _ended(self, message: EmailMultiAlternatives) -> Said:
        status = message.anymail_status  # type: ignore[attr-defined]  # anymail's
        if status.status and status.status <= TOOK and status.message_id:
            taken = _("%(provider)s took it as %(id)s") % {
                "provider": self._way.label,
                "id": status.message_id,
            }
            return Said(Outcome.sent(taken[:500]))
        if status.status == {"failed"}:
            return said_of_answer(status.esp_response, told=_told(status.esp_response))
        return nonsense(status.esp_response, told=_told(status.esp_response))

    def _message(self, mail: Mail) -> EmailMultiAlternatives:
        parts = parts_of(mail)
        headers = parts.headers | self._way.more_headers
        if self._way.keeps_mail_id:
            headers["Message-ID"] = f"<{mail.mail_id}>"
        message = EmailMultiAlternatives(
            subject=parts.subject,
            body=parts.text,
            from_email=parts.sender,
            to=[mail.recipient],
            reply_to=[parts.reply_to] if parts.reply_to else None,
            headers=headers,
        )
        message.attach_alternative(parts.html, "text/html")
        message.metadata = {MARK: parts.mark}  # type: ignore[attr-defined]  # anymail's
        return message

    def close(self) -> None:
        self._backend.close()


class _Guarded(AnymailRequestsBackend):  # type: ignore[misc]  # untyped package
    def create_session(self) -> GuardedSession:
        return GuardedSession()

    def parse_recipient_status(self, response: requests.Response, payload: Any, message: Any) -> Any:
        try:
            return super().parse_recipient_status(response, payload, message)
        except (AttributeError, LookupError, TypeError) as fault:  # JSON, but of no shape that they know
            raise AnymailRequestsAPIError(backend=self, response=response) from fault


def _said(failure: AnymailRequestsAPIError) -> Said:
    """Return what a failure of anymail's means: no answer, a no, or one that makes no sense."""
    response = failure.response
    if response is None:
        cause = failure.__cause__
        return Said(outcome_of_failure(cause if isinstance(cause, requests.RequestException) else failure))
    if is_yes(response):
        return nonsense(response, told=_told(response))
    return said_of_answer(response, told=_told(response))


def _told(response: requests.Response | None) -> str:
    """Return the provider's own words."""
    if response is None:
        return ""
    return " ".join(response.content[:2000].decode("utf-8", "replace").replace("\0", "").split())[:400]
