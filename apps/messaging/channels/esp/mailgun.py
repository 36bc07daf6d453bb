from typing import Any

from anymail.backends import mailgun as sending
from anymail.webhooks import mailgun as calling
from django.utils.translation import gettext_lazy as _

from apps.messaging.bounces import bounce_verdict
from apps.messaging.channels.base import CallRefused, Setting
from apps.messaging.channels.esp.base import Esp, api_url
from apps.messaging.models import Provider, Verdict


class Mailgun(Esp):
    """https://documentation.mailgun.com"""

    key = "mailgun"
    label = "Mailgun"
    backend = sending.EmailBackend
    calls = calling.MailgunTrackingWebhookView
    default_url = "https://api.mailgun.net/v3/"
    keeps_mail_id = True
    settings = (
        Setting("sender_domain", _("Sending domain"), _("As it stands at Mailgun, such as mg.shop.example.")),
        Setting("api_key", _("API key"), is_secret=True),
        Setting(
            "webhook_signing_key",
            _("Signing key of webhooks"),
            _("Mailgun signs its calls with it; without it they are refused."),
            is_secret=True,
            is_required=False,
        ),
        api_url(default_url),
    )

    def options(self, provider: Provider) -> dict[str, Any]:
        return {"api_key": provider.secret("api_key"), "sender_domain": provider.setting("sender_domain")}

    def call_options(self, provider: Provider) -> dict[str, Any]:
        key = provider.secret("webhook_signing_key")
        if not key:
            raise CallRefused
        return {"webhook_signing_key": key}

    def asked(self, provider: Provider) -> tuple[str, dict[str, Any]]:
        return f"domains/{provider.setting('sender_domain')}", {"auth": ("api", provider.secret("api_key"))}

    def is_hard(self, event: dict[str, Any]) -> bool | None:
        """Read the receiver's status, which Mailgun passes on; its own `permanent` says only "not again"."""
        told = event.get("event-data", {})
        if str(told.get("severity")) != "permanent":
            return None
        if str(told.get("reason")) == "suppress-bounce":
            return True
        status = str((told.get("delivery-status") or {}).get("enhanced-code") or "")
        return bounce_verdict(status) == Verdict.HARD if status and status != "5.7.1" else None
