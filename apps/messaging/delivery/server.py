from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from django.conf import settings

# The schemes that Django itself reads from EMAIL_URL, and what they mean for the conversation.
SECURITY = {
    "smtp": "",
    "submission": "starttls",
    "smtp+tls": "starttls",
    "smtps": "starttls",
    "smtp+ssl": "tls",
}


@dataclass(frozen=True)
class Server:
    """Where mail is handed in. `security`: "" (plain), "starttls" or "tls"."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    security: str = ""
    own_name: str = "localhost"  # what we call ourselves in EHLO
    is_guarded: bool = False  # typed into a form: only gone to at a public address, see `apps.core.outgoing`

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def __repr__(self) -> str:
        return f"<Server {self}>"  # never the password: this text ends up in logs


def server_of_settings() -> Server:
    return server_from_url(settings.EMAIL_URL, own_name=own_name_of_settings())


def own_name_of_settings() -> str:
    return _own_name(settings.BASE_URL)


@cache
def server_from_url(url: str, *, own_name: str = "localhost") -> Server:
    """
    Read `smtp+tls://user:password@host:587`.

    :raises ValueError: not a server that mail can be handed to
    """
    parts = urlsplit(url)
    if parts.scheme not in SECURITY or not parts.hostname:
        raise ValueError("EMAIL_URL must look like smtp+tls://user:password@host:587.")
    security = SECURITY[parts.scheme]
    default_port = {"": 25, "starttls": 587, "tls": 465}[security]
    return Server(
        host=parts.hostname,
        port=parts.port or default_port,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        security=security,
        own_name=own_name,
    )


@cache
def _own_name(base_url: str) -> str:
    host = urlsplit(base_url).hostname or "localhost"
    try:
        return f"[{ip_address(host)}]"  # an address literal, as RFC 5321 has it
    except ValueError:
        return host
