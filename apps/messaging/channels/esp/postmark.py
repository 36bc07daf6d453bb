from typing import Any

from anymail.backends import postmark as sending
from anymail.webhooks import postmark as calling
from django.utils.translation import gettext_lazy as _

from apps.messaging.channels.base import Setting
from apps.messaging.channels.esp.base import Esp, api_url
from apps.messaging.models import Provider

HARD = {"HardBounce": True, "BadEmailAddress": True, "SoftBounce": False, "DnsError": False}


class Postmark(Esp):
    """https://postmarkapp.com/developer"""

    key = "postmark"
    label = "Postmark"
    backend = sending.EmailBackend
    calls = calling.PostmarkTrackingWebhookView
    default_url = "https://api.postmarkapp.com/"
    keeps_mail_id = True
    more_headers = {"X-PM-KeepID": "true"}
    settings = (
        Setting("server_token", _("Server token"), _("Under API tokens of your server."), is_secret=True),
        Setting("message_stream", _("Message stream"), _("Such as broadcast."), is_required=False),
        api_url(default_url),
    )

    def options(self, provider: Provider) -> dict[str, Any]:
        stream = provider.setting("message_stream") or None
        return {"server_token": provider.secret("server_token"), "message_stream": stream}

    def asked(self, provider: Provider) -> tuple[str, dict[str, Any]]:
        headers = {
            "X-Postmark-Server-Token": provider.secret("server_token"),
            "Accept": "application/json",
        }
        return "server", {"headers": headers}

    def is_hard(self, event: dict[str, Any]) -> bool | None:
        return HARD.get(str(event.get("Type")))
