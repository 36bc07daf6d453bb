"""Errors of the API as RFC 9457 problem details."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.exceptions import ValidationError as ModelValidationError
from django.db import DataError
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from psycopg import errors
from rest_framework.exceptions import APIException, ParseError, ValidationError
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error
from rest_framework.views import exception_handler

from apps.core.errors import DomainError, StaleEdit

CONTENT_TYPE = "application/problem+json"
NON_FIELD = "non_field_errors"


class Conflict(APIException):
    """The state of the thing says no."""

    status_code = HTTPStatus.CONFLICT


class PreconditionFailed(APIException):
    """Someone has changed the thing since the caller read it (`If-Match`)."""

    status_code = HTTPStatus.PRECONDITION_FAILED


class Unprocessable(APIException):
    """The request is well formed, but cannot be meant like this."""

    status_code = HTTPStatus.UNPROCESSABLE_ENTITY


class TooLarge(APIException):
    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def problem_details(error: Exception, context: dict[str, Any]) -> Response | None:
    """
    Answer an error with a problem: what, and which request, and for bad fields which of them.

    A `DomainError` is 409: the state says no; or 400 if it is about one field. An error that nobody foresaw
    is left to Django, and logged.
    """
    error = _translated(error)
    response = exception_handler(error, context)
    if response is None:
        return None
    problem = problem_body(response.status_code, request=context["request"])
    if isinstance(error, ValidationError):
        problem["detail"] = _("Some fields are not right.")
        problem["errors"] = list(_field_errors(error.detail))
    else:
        problem["detail"] = response.data["detail"]
    response.data = problem
    response.content_type = CONTENT_TYPE
    return response


def problem_body(status: int, *, request: Any) -> dict[str, Any]:
    """Return what every problem tells; `request_id` is what the log calls the request."""
    known = HTTPStatus(status)
    return {
        "type": "about:blank",
        "title": known.phrase,
        "status": known.value,
        "request_id": getattr(request, "request_id", None),
    }


def problem_response(request: HttpRequest, status: HTTPStatus, detail: str) -> JsonResponse:
    """Answer with a problem from outside the API's own views: an unknown path, a broken server."""
    body = {**problem_body(status, request=request), "detail": detail}
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE)


# What no validation foresaw and the caller can mend; a division by zero, also a DataError, is our own fault.
_UNKEEPABLE = (
    errors.DatetimeFieldOverflow,
    errors.InvalidTimeZoneDisplacementValue,
    errors.NumericValueOutOfRange,
    errors.UntranslatableCharacter,
)


def _translated(error: Exception) -> Exception:
    match error:
        case StaleEdit():
            return PreconditionFailed(str(error))
        case DomainError() if error.field:
            return ValidationError({error.field: [str(error)]})
        case DomainError():
            return Conflict(str(error))
        case ModelValidationError():
            return ValidationError(as_serializer_error(error))
        case RequestDataTooBig():
            return TooLarge(_("The request is too large."))
        case DataError() if isinstance(error.__cause__, _UNKEEPABLE):
            return ParseError(_("A value is beyond what can be kept."))
        case _:
            return error


def _field_errors(detail: Any, field: str = "") -> Iterator[dict[str, str]]:
    """Flatten DRF's nested errors to `{"field": "sender.address", "message": "…", "code": "required"}`."""
    match detail:
        case dict():
            for name, inner in detail.items():
                yield from _field_errors(inner, field if name == NON_FIELD else f"{field}.{name}".lstrip("."))
        case list():
            for position, inner in enumerate(detail):
                nested = isinstance(inner, dict | list)
                # Of a list of objects each has its place; of a list of sentences all are of the same field.
                yield from _field_errors(inner, f"{field}.{position}".lstrip(".") if nested else field)
        case _:
            yield {"field": field, "message": str(detail), "code": getattr(detail, "code", "") or "invalid"}
