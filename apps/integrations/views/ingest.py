"""
Where Segment's SDKs send to. No session and no cookie: the write key is the permission.

Answered 200 only once PostgreSQL has what is answered for. A sender that is not strict (`X-Strict-Mode: 1`)
hears 200 also where a fault was ignored, as its specification has it; the body then says `"success": false`.
"""

import base64
import binascii
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.integrations import services
from apps.integrations.limits import admits, has_room
from apps.integrations.segment import bodies
from apps.integrations.segment.messages import MAX_MESSAGE, Call
from apps.integrations.services import Fate, MessagesRefused

logger = logging.getLogger(__name__)

BATCH = "batch"
CALLS = frozenset({BATCH, *Call})
MAX_BATCH = 500 * 1024
MAX_MESSAGES = 2_500
MAX_TOLD = 100  # faults in one answer
# A browser asks before it sends; any site may send, since the key alone says whose it is.
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, X-Strict-Mode",
    "Access-Control-Max-Age": "86400",
}


class _Answer(Exception):
    """An answer that ends the call early."""

    def __init__(self, status: int, code: str, message: str, **more: object) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.more = status, code, message, more


@dataclass(frozen=True)
class _Body:
    told: dict[str, Any]
    is_mended: bool
    size: int


@csrf_exempt  # no cookie is read, so none can be abused
@require_http_methods(["POST", "OPTIONS"])
def ingest(request: HttpRequest, call: str) -> HttpResponse:
    """Take one message, or a batch of them."""
    try:
        response = _take(request, call) if request.method == "POST" else HttpResponse(status=204)
    except _Answer as answer:
        body = {"success": False, "code": answer.code, "message": answer.message, **answer.more}
        response = JsonResponse(body, status=answer.status)
    except (OperationalError, InterfaceError):
        logger.exception("messages could not be kept")
        body = {"success": False, "code": "unavailable", "message": _("Try again in a moment.")}
        response = JsonResponse(body, status=HTTPStatus.SERVICE_UNAVAILABLE)
    if response.status_code in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        response.headers["Retry-After"] = "1"
    for name, value in CORS.items():
        response.headers[name] = value
    return response


def _take(request: HttpRequest, call: str) -> HttpResponse:
    if call not in CALLS:
        raise _Answer(HTTPStatus.NOT_FOUND, "not_found", _("There is no such call."))
    is_strict = request.headers.get("X-Strict-Mode") == "1"
    body = _body(request, most=MAX_BATCH if call == BATCH else MAX_MESSAGE)
    key = _key(request, body.told)
    if call != BATCH and not body.is_mended and (done := _one_event(key, body.told, call)):
        return done
    heard = services.source_hear(key)
    if heard is None:
        status = HTTPStatus.UNAUTHORIZED if is_strict else HTTPStatus.OK
        raise _Answer(status, "unauthorized", _("This write key is unknown or revoked: nothing was kept."))
    if not heard.namespace:
        sentence = _("Nothing is taken until somebody has chosen what tells people apart: Data → Sources.")
        raise _Answer(HTTPStatus.CONFLICT, "no_identity_scheme", sentence)
    source = heard.source
    raw = _messages(body.told) if call == BATCH else [body.told]
    if not admits(source.pk, len(raw)):
        raise _Answer(
            HTTPStatus.TOO_MANY_REQUESTS, "too_many_requests", _("This is too fast. Wait a second.")
        )
    try:
        fates = services.messages_take(
            source=source,
            raw=raw,
            call="" if call == BATCH else call,
            context=body.told.get("context"),
            sent_at=body.told.get("sentAt"),
            is_mended=body.is_mended,
            is_strict=is_strict,
            may_be_large=body.size > MAX_MESSAGE,
            namespace=heard.namespace,
            now=heard.now,
        )
    except MessagesRefused as refused:
        faults = [
            {"message": place, "code": found.fault, "field": found.field, "reason": found.fault.label}
            for place, found in refused.faults[:MAX_TOLD]
        ]
        raise _Answer(HTTPStatus.BAD_REQUEST, "invalid_request", str(refused), faults=faults) from refused
    return _done(fates)


def _one_event(key: str, told: dict[str, Any], call: str) -> HttpResponse | None:
    """Answer the call that comes most, if it is that; what comes too fast is refused where all others are."""
    heard = services.source_remembered(key)
    if heard is None or not has_room(heard.source.pk):
        return None
    fate = services.event_take(heard=heard, raw=told, call=call)
    if fate is None:
        return None
    admits(heard.source.pk, 1)
    return _done([fate])


def _done(fates: Sequence[Fate]) -> HttpResponse:
    refused = sum(fate.outcome == "refused" for fate in fates)
    return JsonResponse({"success": not refused, **({"ignored": refused} if refused else {})})


def _body(request: HttpRequest, *, most: int) -> _Body:
    try:
        packed = request.read(most + 1)
        content = bodies.unpack(packed, encoding=request.headers.get("Content-Encoding", ""), most=most)
        told, is_mended = bodies.read(content)
    except bodies.BodyTooLarge as error:
        sentence = _("A message has at most 32 KB, a batch 500 KB.")
        raise _Answer(HTTPStatus.BAD_REQUEST, "too_large", sentence) from error
    except (bodies.BodyUnreadable, OSError) as error:
        raise _Answer(HTTPStatus.BAD_REQUEST, "invalid_json", _("The body is not JSON.")) from error
    if not isinstance(told, dict):
        raise _Answer(HTTPStatus.BAD_REQUEST, "invalid_request", _("The body is not a JSON object."))
    return _Body(told, is_mended, len(content))


def _messages(told: dict[str, Any]) -> list[object]:
    raw = told.get("batch")
    if not isinstance(raw, list) or len(raw) > MAX_MESSAGES:
        sentence = _("“batch” is a list of at most %(most)s messages.") % {"most": f"{MAX_MESSAGES:,}"}
        raise _Answer(HTTPStatus.BAD_REQUEST, "invalid_request", sentence)
    return raw


def _key(request: HttpRequest, told: dict[str, Any]) -> str:
    """Return the write key: the user name of HTTP Basic, or the body's where a browser cannot say it so."""
    scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(given).decode().partition(":")[0]
        except (binascii.Error, ValueError):
            return ""
    key = told.get("writeKey")
    return key if isinstance(key, str) and key.isascii() else ""
