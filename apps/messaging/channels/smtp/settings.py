from django.utils.translation import gettext_lazy as _

from apps.messaging.channels.base import Way
from apps.messaging.delivery.engine import Engine, engine_for
from apps.messaging.delivery.server import server_of_settings
from apps.messaging.delivery.smtp import Timeouts
from apps.messaging.models import Provider


class Smtp(Way):
    """The mail server of EMAIL_URL: the one that whoever runs this installation has set."""

    key = "smtp"
    label = _("Mail server (SMTP)")
    is_configured = False
    speaks_smtp = True

    def engine(self, provider: Provider | None, *, timeouts: Timeouts) -> Engine:
        return Engine(server_of_settings(), connections=1, timeouts=timeouts)

    def engine_kept(self, provider: Provider | None) -> Engine:
        return engine_for(server_of_settings())
