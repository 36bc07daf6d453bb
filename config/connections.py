"""What Django's settings say in many words about a server, from its one URL."""

import sys
from typing import Any

import environ

from config import env

Settings = dict[str, Any]


def database(url: str) -> Settings:
    """
    Return the `default` database. Connections are kept between requests, and looked at before use.

    No statement is prepared because it came often, as that would be a matter of luck: `core.prepared` asks.
    """
    kept = {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
    found = environ.Env.db_url_config(url)
    threshold = sys.maxsize if env.PREPARED_STATEMENTS else None
    options = {**found.get("OPTIONS", {}), "prepare_threshold": threshold}
    return {"default": {**found, **kept, "OPTIONS": options}}


def cache(url: str) -> Settings:
    """Return the `default` cache, which forgets instead of failing when its server is lost."""
    # Whoever waits for a cache has lost what it is for.
    impatient = {"socket_connect_timeout": 0.3, "socket_timeout": 0.5, "retry_on_timeout": False}
    return {
        "default": {"BACKEND": "apps.core.cache.ForgetfulRedisCache", "LOCATION": url, "OPTIONS": impatient}
    }


def email(url: str) -> Settings:
    """Return the EMAIL_… settings with which Django itself sends (invitations, digests, password resets)."""
    found = environ.Env.email_url_config(url)
    tls = found.pop("OPTIONS", {})
    return {
        "EMAIL_BACKEND": found["EMAIL_BACKEND"],
        "EMAIL_HOST": found["EMAIL_HOST"],
        "EMAIL_PORT": found["EMAIL_PORT"] or 25,
        "EMAIL_HOST_USER": found["EMAIL_HOST_USER"] or "",
        "EMAIL_HOST_PASSWORD": found["EMAIL_HOST_PASSWORD"] or "",
        "EMAIL_USE_TLS": bool(found.get("EMAIL_USE_TLS") or _is_true(tls.get("TLS"))),
        "EMAIL_USE_SSL": bool(found.get("EMAIL_USE_SSL") or _is_true(tls.get("SSL"))),
        "EMAIL_TIMEOUT": 30,
    }


def _is_true(option: object) -> bool:
    return str(option).lower() in {"true", "1", "yes", "on"}
