from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.core.exceptions import RequestDataTooBig
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

# Bytes: a thousand rows of 10 KB each. Read as Python, a body takes many times its room.
MAX_BODY = 10 * 1024 * 1024
MAX_DEPTH = 100  # what walks a body, here and in the libraries, calls itself for each level


class StrictJson(BaseParser):
    """
    JSON as the standard has it, and as PostgreSQL can keep it: no NaN, no half characters, no NUL.

    :raises RequestDataTooBig: more than `MAX_BODY`, of which not more than that is read
    """

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        body = stream.read(MAX_BODY + 1)
        if len(body) > MAX_BODY:
            raise RequestDataTooBig
        try:
            data = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise ParseError(_("This is not JSON: %(reason)s") % {"reason": error}) from error
        if _is_deep(data):
            raise ParseError(_("At most %(n)s levels, one in another.") % {"n": MAX_DEPTH})
        if b"\\u0000" in body and _has_nul(data):
            raise ParseError(_("A text may not contain the character NUL."))
        return data


def _is_deep(data: Any) -> bool:
    level = [data] if isinstance(data, dict | list) else []
    for _step in range(MAX_DEPTH):
        inner = (each for one in level for each in (one.values() if isinstance(one, dict) else one))
        level = [one for one in inner if isinstance(one, dict | list)]
        if not level:
            return False
    return True


def _has_nul(data: Any) -> bool:
    match data:
        case str():
            return "\0" in data
        case list():
            return any(_has_nul(inner) for inner in data)
        case dict():
            return any(_has_nul(name) or _has_nul(inner) for name, inner in data.items())
        case _:
            return False
