"""From the bytes of a request to JSON that PostgreSQL can keep."""

import json
import zlib
from collections.abc import Callable
from typing import Any

import orjson

GZIP = 31  # zlib's number for "with a gzip head"


class BodyUnreadable(ValueError):
    """Not JSON at all."""


class BodyTooLarge(ValueError):
    pass


def unpack(body: bytes, *, encoding: str, most: int) -> bytes:
    """
    Return the body as it was before it was compressed, never more than `most` bytes of it in memory.

    :raises BodyTooLarge: more than `most` bytes
    :raises BodyUnreadable: not what `encoding` says
    """
    if encoding == "gzip":
        unpacker = zlib.decompressobj(GZIP)
        try:
            body = unpacker.decompress(body, most + 1)
        except zlib.error as error:
            raise BodyUnreadable("not gzip") from error
    if len(body) > most:
        raise BodyTooLarge
    return body


def read(body: bytes) -> tuple[Any, bool]:
    """
    Return what the body says, and whether characters had to be replaced so that it can be kept.

    SDKs can send what the standard forbids or PostgreSQL cannot hold: half a character (a lone surrogate), a
    NUL, a NaN. One such value must not cost the other messages of a batch.

    :raises BodyUnreadable: not JSON, even so
    """
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _gently(lambda: _mended(json.loads(body))), True
    if b"\\u0000" in body:
        return _gently(lambda: _mended(told)), True
    return told, False


def _gently(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except (ValueError, RecursionError) as error:
        raise BodyUnreadable("not JSON") from error


def _mended(told: Any) -> Any:
    """Return it with U+FFFD in place of each character that cannot be, and null in place of no number."""
    match told:
        case str():
            return (
                told.replace("\0", "\N{REPLACEMENT CHARACTER}")
                .encode("utf-16", "surrogatepass")
                .decode("utf-16", "replace")
            )
        case list():
            return [_mended(inner) for inner in told]
        case dict():
            return {_mended(name): _mended(inner) for name, inner in told.items()}
        case float() if told != told or told in (float("inf"), float("-inf")):
            return None
    return told
