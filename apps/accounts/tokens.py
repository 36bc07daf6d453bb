"""Secrets that are shown once and kept as digests: API tokens and the links of invitations."""

import hashlib
import secrets

API_PREFIX = "bkd_live_"
# How much of a token may be shown later, so that its owner can tell it from another.
SHOWN = len(API_PREFIX) + 6


def api_token_new() -> str:
    """Return a token with 256 random bits; scanners of leaked secrets know it by its beginning."""
    return API_PREFIX + secrets.token_urlsafe(32)


def link_new() -> str:
    """Return the secret part of a link that goes by mail."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """Return what is stored. A plain hash is enough: nobody guesses 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()
