import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.messaging.channels.base import NotLetIn, Setting, Way
from apps.messaging.delivery.engine import Engine
from apps.messaging.delivery.server import Server, own_name_of_settings
from apps.messaging.delivery.smtp import SignInRefused, Timeouts
from apps.messaging.models import Provider

STARTTLS, TLS, PLAIN = "starttls", "tls", "none"
PORTS = {STARTTLS: 587, TLS: 465, PLAIN: 25}
CHECK = Timeouts(connect=10, command=10, answer=10)
HOST = re.compile(r"[A-Za-z0-9_.:-]{1,253}")
HIGHEST_PORT = 65535


def host_fault(written: str) -> str:
    """Return what is wrong with a host, for people; '' if nothing is."""
    return (
        ""
        if HOST.fullmatch(written) and _is_name(written)
        else _("This is no host such as mail.provider.example.")
    )


def _is_name(written: str) -> bool:
    """Test if no part between two dots is empty, or longer than DNS has them."""
    try:
        written.encode("idna")
    except UnicodeError:
        return False
    return True


def port_fault(written: str) -> str:
    """Return what is wrong with a port, for people; '' if nothing is."""
    is_port = written.isascii() and written.isdigit() and 0 < int(written[:6]) <= HIGHEST_PORT
    return "" if is_port else _("A port is a number from 1 to 65535.")


class SmtpServer(Way):
    """Another mail server, of a relay or of your own, that senders can be given."""

    key = "smtp-server"
    label = gettext_lazy("Mail server (SMTP)")
    speaks_smtp = True
    settings = (
        Setting("host", gettext_lazy("Host"), fault=host_fault),
        Setting(
            "security",
            gettext_lazy("Encryption"),
            choices=(
                (STARTTLS, gettext_lazy("STARTTLS: begins in the clear, then encrypts or stops")),
                (TLS, gettext_lazy("TLS from the first byte")),
                (PLAIN, gettext_lazy("None: only within a network of your own")),
            ),
        ),
        Setting(
            "port",
            gettext_lazy("Port"),
            gettext_lazy("Empty: 587 with STARTTLS, 465 with TLS, 25 without encryption."),
            is_required=False,
            fault=port_fault,
        ),
        Setting(
            "user", gettext_lazy("User name"), gettext_lazy("Empty: nobody signs in."), is_required=False
        ),
        Setting("password", gettext_lazy("Password"), is_secret=True, is_required=False),
    )

    def engine(self, provider: Provider | None, *, timeouts: Timeouts) -> "AccountEngine":
        assert provider
        return AccountEngine(_server(provider), timeouts=timeouts)

    def check(self, provider: Provider) -> None:
        """Connect, encrypt and sign in, and say goodbye."""
        engine = self.engine(provider, timeouts=CHECK)
        try:
            engine.reach()
        finally:
            engine.close()


class AccountEngine(Engine):
    """Knows that a password that is refused is not a server that is away: somebody has to mend it."""

    def reach(self) -> None:
        try:
            super().reach()
        except SignInRefused as refusal:
            raise NotLetIn(str(refusal)) from refusal


def _server(provider: Provider) -> Server:
    security = provider.setting("security")
    return Server(
        host=provider.setting("host"),
        port=int(provider.setting("port") or PORTS[security]),
        user=provider.setting("user"),
        password=provider.secret("password"),
        security="" if security == PLAIN else security,
        own_name=own_name_of_settings(),
        is_guarded=True,
    )
