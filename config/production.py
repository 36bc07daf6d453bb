"""What must not be as on a laptop when people rely on it."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from config import env

SHORTEST_KEY = 50


def faults() -> list[str]:
    """Return one sentence for each variable that is missing or still has its development default."""
    return [*_missing(), *_keys(), *_addresses()]


def _missing() -> Iterator[str]:
    needed = {
        "DATABASE_URL": (env.DATABASE_URL, "postgresql://user:password@host/name"),
        "REDIS_URL": (env.REDIS_URL, "redis://host:6379/0"),
        "EMAIL_URL": (env.EMAIL_URL, "smtp+tls://user:password@host:587"),
    }
    for name, (value, example) in needed.items():
        if not value:
            yield f"{name} is not set: give the server, as in {example}."


def _keys() -> Iterator[str]:
    if env.SECRET_KEY == env.DEVELOPMENT_KEY:
        yield f"SECRET_KEY is not set: give at least {SHORTEST_KEY} random characters, and keep them."
    elif len(env.SECRET_KEY) < SHORTEST_KEY:
        yield f"SECRET_KEY is too short: give at least {SHORTEST_KEY} random characters."
    if not env.SUPPRESSION_KEY_GIVEN:
        yield (
            f"SUPPRESSION_KEY is not set: give at least {SHORTEST_KEY} random characters, and keep them for"
            " ever: with another key nobody knows any more who must not be written to."
        )
    elif len(env.SUPPRESSION_KEY_GIVEN) < SHORTEST_KEY:
        yield f"SUPPRESSION_KEY is too short: give at least {SHORTEST_KEY} random characters."
    if env.DEBUG:
        yield "DEBUG is on: it shows settings and code to everyone; take it away."


def _addresses() -> Iterator[str]:
    if not env.ALLOWED_HOSTS or "*" in env.ALLOWED_HOSTS:
        yield "ALLOWED_HOSTS is not set: name the hosts by which people reach this server, comma separated."
    for name, url in {"BASE_URL": env.BASE_URL, "TRACKING_BASE_URL": env.TRACKING_BASE_URL}.items():
        parts = urlsplit(url)
        if parts.scheme != "https" or parts.hostname in {None, "localhost", "127.0.0.1"}:
            yield f"{name} is {url}: give the https:// address by which people reach this server."
    if env.DEFAULT_FROM_EMAIL == env.DEVELOPMENT_FROM_EMAIL:
        yield "DEFAULT_FROM_EMAIL is not set: give the sender of invitations and notices."
