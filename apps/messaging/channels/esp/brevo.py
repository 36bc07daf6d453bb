from typing import Any

from anymail.backends import brevo as sending
from anymail.webhooks import brevo as calling
from django.utils.translation import gettext_lazy as _

from apps.messaging.channels.base import Setting
from apps.messaging.channels.esp.base import Esp, api_url
from apps.messaging.models import Provider

HARD = {"hard_bounce": True, "invalid_email": True, "soft_bounce": False}


class Brevo(Esp):
    """https://developers.brevo.com"""

    key = "brevo"
    label = "Brevo"
    backend = sending.EmailBackend
    calls = calling.BrevoTrackingWebhookView
    default_url = "https://api.brevo.com/v3/"
    settings = (Setting("api_key", _("API key"), is_secret=True), api_url(default_url))

    def options(self, provider: Provider) -> dict[str, Any]:
        return {"api_key": provider.secret("api_key")}

    def asked(self, provider: Provider) -> tuple[str, dict[str, Any]]:
        return "account", {"headers": {"api-key": provider.secret("api_key"), "Accept": "application/json"}}

    def is_hard(self, event: dict[str, Any]) -> bool | None:
        return HARD.get(str(event.get("event")))
