from typing import Any

from anymail.backends import sparkpost as sending
from anymail.webhooks import sparkpost as calling
from django.utils.translation import gettext_lazy as _

from apps.messaging.channels.base import Setting
from apps.messaging.channels.esp.base import Esp, api_url
from apps.messaging.models import Provider

# https://support.sparkpost.com/docs/deliverability/bounce-classification-codes
NO_SUCH_ADDRESS, MAY_PASS = {"10", "30"}, {"20", "21", "22", "24", "40", "70"}


class SparkPost(Esp):
    """https://developers.sparkpost.com/api"""

    key = "sparkpost"
    label = "SparkPost"
    backend = sending.EmailBackend
    calls = calling.SparkPostTrackingWebhookView
    default_url = "https://api.sparkpost.com/api/v1/"
    settings = (Setting("api_key", _("API key"), is_secret=True), api_url(default_url))

    def options(self, provider: Provider) -> dict[str, Any]:
        return {"api_key": provider.secret("api_key")}

    def asked(self, provider: Provider) -> tuple[str, dict[str, Any]]:
        return "account", {"headers": {"Authorization": provider.secret("api_key")}}

    def is_hard(self, event: dict[str, Any]) -> bool | None:
        told: dict[str, Any] = next(iter(event.get("msys", {}).values()), {})
        kind = str(told.get("bounce_class", ""))
        return True if kind in NO_SUCH_ADDRESS else False if kind in MAY_PASS else None
