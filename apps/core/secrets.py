"""Secrets that must be read again, such as a server's password: sealed, the key outside the database."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class SecretLost(ValueError):
    """Sealed with a SECRET_KEY that is neither the present one nor among the fallbacks."""


def seal(text: str) -> str:
    """Encrypt with the present SECRET_KEY."""
    return _box().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """
    Decrypt with whichever of the keys it was sealed with.

    :raises SecretLost: with none of them
    """
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise SecretLost("This secret was sealed with a SECRET_KEY that is not there any more.") from error


def _box() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    # A digest of its own purpose, so that this key opens nothing else that SECRET_KEY signs.
    digests = [hashlib.sha256(b"bookend.core.secrets:" + key.encode()).digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
