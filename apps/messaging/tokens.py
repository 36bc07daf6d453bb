"""
The signed names that stand in a mail's links: which recipient, and what the link does.

`/c/<token>` cannot be turned into `/u/<token>`: the purpose is signed with the ids. A token holds no address
and is as short as it can be: one or two numbers and 16 bytes of a keyed hash.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from enum import Enum
from functools import cache

from django.conf import settings

MAC_SIZE = 16
NUMBER_SIZE = 8
LINK_SIZE = 2
URL_SAFE = bytes.maketrans(b"+/", b"-_")


class Purpose(Enum):
    OPEN = b"o"
    CLICK = b"c"
    UNSUBSCRIBE = b"u"
    VIEW = b"v"
    PREFERENCES = b"p"
    MAIL = b"m"  # the local part of a Message-ID
    RETURN = b"r"  # behind the plus of a return path


def token_make(purpose: Purpose, recipient_id: int, link: int = 0) -> str:
    """Return the token of a recipient for a purpose; `link` is the position of a clicked link."""
    ids = recipient_bytes(recipient_id)
    return token_maker(purpose)(ids + link_bytes(link) if purpose is Purpose.CLICK else ids)


def token_maker(purpose: Purpose) -> Callable[[bytes], str]:
    """
    Return what makes the tokens of a purpose, for those who make many: the key is looked up once.

    It is given `recipient_bytes`, and `link_bytes` after them for a click.
    """
    begin = _keyed(settings.SECRET_KEY, purpose).copy

    def make(ids: bytes) -> str:
        mac = begin()
        mac.update(ids)
        return _spelt(mac.digest() + ids)

    return make


def recipient_bytes(recipient_id: int) -> bytes:
    return recipient_id.to_bytes(NUMBER_SIZE).lstrip(b"\0")


def link_bytes(position: int) -> bytes:
    return position.to_bytes(LINK_SIZE)


def token_read(purpose: Purpose, token: str) -> tuple[int, int] | None:
    """Return the recipient and the link's position that a token stands for; None if we never made it."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return None
    mac, ids = raw[:MAC_SIZE], raw[MAC_SIZE:]
    # The same bytes can be spelt in several ways; only ours counts.
    if not 1 <= len(ids) <= NUMBER_SIZE + LINK_SIZE or _spelt(raw) != token:
        return None
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if not any(hmac.compare_digest(mac, _mac(key, purpose, ids)) for key in keys):
        return None
    if purpose is Purpose.CLICK:
        return int.from_bytes(ids[:-LINK_SIZE]), int.from_bytes(ids[-LINK_SIZE:])
    return int.from_bytes(ids), 0


def return_token_make(recipient_id: int) -> str:
    """Return what stands in the return path of a mail: mail systems on the way may change the case of it."""
    ids = recipient_id.to_bytes(NUMBER_SIZE).lstrip(b"\0")
    raw = _mac(settings.SECRET_KEY, Purpose.RETURN, ids) + ids
    return base64.b32encode(raw).decode().rstrip("=").lower()


def return_token_read(token: str) -> int | None:
    """Return whose mail a token in a return path stands for, in whatever case; None if we never made it."""
    try:
        raw = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    except (ValueError, binascii.Error):
        return None
    found = token_read(Purpose.RETURN, _spelt(raw))
    return found[0] if found else None


def _spelt(raw: bytes) -> str:
    return binascii.b2a_base64(raw, newline=False).translate(URL_SAFE, b"=").decode()


def _mac(secret: str, purpose: Purpose, ids: bytes) -> bytes:
    mac = _keyed(secret, purpose).copy()
    mac.update(ids)
    return mac.digest()


@cache
def _keyed(secret: str, purpose: Purpose) -> "hashlib.blake2b":
    # BLAKE2 takes a key by itself, in half the time of an HMAC, and is copied once it has read it: a mail has
    # a dozen of these.
    return hashlib.blake2b(digest_size=MAC_SIZE, key=_key(secret), person=purpose.value)


@cache
def _key(secret: str) -> bytes:
    """Derive the key of these tokens, so that nothing else signed with SECRET_KEY can pass for one."""
    return hmac.digest(secret.encode(), b"bookend.messaging.tokens", hashlib.sha256)
