"""
DKIM signatures (RFC 6376): rsa-sha256, headers relaxed, body simple.

Bodies here are quoted-printable with no space at the end of a line, so the simple form survives transport,
and costs one hash of the bytes as they are.
"""

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

KEY_BITS = 2048  # what DNS carries in one record and everybody verifies
# From is named twice: nobody can add a second one. One-click counts only where both its headers are signed.
SIGNED = (
    "from", "from", "reply-to", "date", "to", "subject", "message-id", "mime-version", "content-type",
    "list-id", "list-unsubscribe", "list-unsubscribe-post", "feedback-id",
)  # fmt: skip
SPACES = re.compile(rb"[ \t]+")
FOLD = re.compile(rb"\r\n(?=[ \t])")


@dataclass(frozen=True)
class NewKey:
    private_pem: str
    public: str  # base64 of the DER, as it stands behind p=


def key_make() -> NewKey:
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return NewKey(private_pem=private.decode(), public=base64.b64encode(public).decode())


class Signer:
    """Signs mails of one domain with one key."""

    def __init__(self, *, domain: str, selector: str, private_pem: str) -> None:
        key = serialization.load_pem_private_key(private_pem.encode(), password=None)
        assert isinstance(key, rsa.RSAPrivateKey)
        self._key = key
        self._fixed = f"v=1; a=rsa-sha256; c=relaxed/simple; d={domain}; s={selector};"

    def sign(self, content: bytes, *, at: datetime) -> bytes:
        """Return a mail for the wire (as `Mail.content`: dots stuffed) with its signature in front."""
        head, _empty, body = content.partition(b"\r\n\r\n")
        headers = dict(_headers(head))
        names = [name for name in SIGNED if name in headers]
        digest = base64.b64encode(hashlib.sha256(_unstuffed(body)).digest()).decode()
        unsigned = (
            f"DKIM-Signature: {self._fixed} t={int(at.timestamp())};\r\n"
            f"\th={':'.join(names)};\r\n\tbh={digest};\r\n\tb="
        ).encode()
        # A name that comes again stands for a header that is not there.
        told = [headers.pop(name) for name in names if name in headers]
        told.append(_relaxed(unsigned))
        signature = self._key.sign(b"\r\n".join(told), padding.PKCS1v15(), hashes.SHA256())
        text = base64.b64encode(signature).decode()
        lines = "\r\n\t ".join(text[start : start + 72] for start in range(0, len(text), 72))
        return b"".join((unsigned, lines.encode(), b"\r\n", content))


def _headers(head: bytes) -> Iterator[tuple[str, bytes]]:
    """Return the headers by lower-case name in their relaxed form; ours come once each."""
    for line in FOLD.sub(b"", head).split(b"\r\n"):
        relaxed = _relaxed(line)
        yield relaxed.partition(b":")[0].decode("ascii", "replace"), relaxed


def _relaxed(line: bytes) -> bytes:
    name, _colon, value = FOLD.sub(b"", line).partition(b":")
    return name.strip().lower() + b":" + SPACES.sub(b" ", value).strip()


def _unstuffed(body: bytes) -> bytes:
    """Return the body as its reader gets it, ended by one CRLF: that is its simple form."""
    plain = body.replace(b"\r\n..", b"\r\n.")
    plain = plain[1:] if plain.startswith(b"..") else plain
    return plain.rstrip(b"\r\n") + b"\r\n"


@lru_cache(maxsize=64)
def signer(domain: str, selector: str, private_pem: str) -> Signer:
    """Return the signer of a key: reading one takes as long as a dozen signatures."""
    return Signer(domain=domain, selector=selector, private_pem=private_pem)
