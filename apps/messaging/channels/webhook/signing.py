"""Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp` and `webhook-signature` around a body."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

from django.utils.translation import gettext as _

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64  # bytes, as the standard has it
TOLERANCE = 300  # seconds that two clocks may be apart


def secret_fault(written: str) -> str:
    """Return what is wrong with a secret, for people; '' if nothing is."""
    try:
        key = _key(written)
    except (ValueError, binascii.Error):
        key = b""
    if written.startswith(PREFIX) and SHORTEST <= len(key) <= LONGEST:
        return ""
    return _("A secret is whsec_ and 24 to 64 bytes in base64.")


def signed(body: bytes, *, secret: str, name: str, at: int) -> dict[str, str]:
    """Return the headers of a call."""
    return {
        "webhook-id": name,
        "webhook-timestamp": str(at),
        "webhook-signature": "v1," + _signature(body, secret=secret, name=name, at=str(at)),
    }


def is_signed(body: bytes, headers: Mapping[str, str], *, secret: str, at: int) -> bool:
    """Test if a call was signed with this secret, and lately."""
    name, written = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (written.isascii() and written.isdigit()) or abs(int(written[:15]) - at) > TOLERANCE:
        return False
    wanted = "v1," + _signature(body, secret=secret, name=name, at=written)
    told = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(wanted.encode(), one.encode("utf-8", "replace")) for one in told)


def _signature(body: bytes, *, secret: str, name: str, at: str) -> str:
    content = f"{name}.{at}.".encode("utf-8", "replace") + body
    return base64.b64encode(hmac.digest(_key(secret), content, hashlib.sha256)).decode()


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
