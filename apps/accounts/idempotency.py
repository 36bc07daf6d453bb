"""
A POST that is sent again is answered again, and does nothing again: by `Idempotency-Key` over the API, by
`{% once %}` in a form.

The answer is written in the transaction of the effect, so a crash leaves both or neither. While the first
is still at work a second one with the same key is told so at once (409), and never waits.
"""

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from http import HTTPStatus
from operator import itemgetter
from typing import Any

import orjson
from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import IdempotentAnswer, User
from apps.accounts.services.answers import KEPT_FOR
from apps.core import clock
from apps.core.problems import Conflict, Unprocessable
from apps.core.secrets import seal, unseal

HEADER = "Idempotency-Key"
SEALED = "Sealed"  # among the kept headers; never sent
AT_WORK_FOR = timedelta(minutes=5)  # longer than any request lasts
_REPEATED_HEADERS = ("Location", "Retry-After")
_TOKENS = {"csrfmiddlewaretoken", "once"}  # drawn anew with each page, or what the form is told apart by

Handler = Callable[..., Response]


def once(handler: Handler, *, on_error: Callable[[Exception], Response], is_secret: bool = False) -> Handler:
    """
    Return the handler of a POST that acts only once for each Idempotency-Key of its user.

    `is_secret`: the answer holds what is shown once, and is kept sealed.
    """

    def answer(request: Request, *args: Any, **kwargs: Any) -> Response:
        assert isinstance(request.user, User)
        key = _key(request.headers[HEADER])
        fingerprint = _fingerprint(request)
        with transaction.atomic():
            if not _alone(request.user, key):
                raise _StillAnswering(_still_answering())
            now = clock.now()
            if earlier := _earlier(request.user, key, fingerprint, now=now):
                return earlier
            response = _act(handler, on_error, request, *args, **kwargs)
            _keep(request.user, key, fingerprint, response, is_secret=is_secret, now=now)
        return response

    return answer


def once_beforehand(handler: Handler, *, on_error: Callable[[Exception], Response]) -> Handler:
    """
    Return the handler of a POST that talks to the network, and so must not run within a transaction.

    The key is taken and committed before the act. One that was cut short is not repeated on a guess: its key
    is answered 409, first as being at work, later as something of which nobody knows.
    """

    def answer(request: Request, *args: Any, **kwargs: Any) -> Response:
        assert isinstance(request.user, User)
        user, key, now = request.user, _key(request.headers[HEADER]), clock.now()
        fingerprint = _fingerprint(request)
        with transaction.atomic(durable=True):
            if not _alone(user, key):
                raise _StillAnswering(_still_answering())
            if earlier := _earlier(user, key, fingerprint, now=now):
                return earlier
            begun = Response(status=HTTPStatus.PROCESSING)
            _keep(user, key, fingerprint, begun, is_secret=False, now=now)
        try:
            response = handler(request, *args, **kwargs)
        except Exception as error:
            if isinstance(error, APIException) and error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise  # of that nobody knows the end
            response = on_error(error)  # raises again what is no refusal
        kept = _kept(response, is_secret=False)
        IdempotentAnswer.objects.filter(user=user, key=key).update(**kept)
        return response

    return answer


def form_once(request: HttpRequest, user: User, act: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """
    Answer a form that was printed with `{% once %}`: sent twice, it acts once and leads to the same page.

    Sent with other words it is another act: the browser's Back brings the form with its old key, and what is
    typed then must not vanish. It is compared with what was sent last, so going back to the first words acts
    too. Only a redirect is an act done; a form that was refused may be mended and sent again.
    """
    key = f"form:{_digest(request.path, request.POST['once'])}"
    fingerprint = _form_fingerprint(request)
    with transaction.atomic():
        with connection.cursor() as cursor:  # a double click: the second waits for the first
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [_lock_name(user, key)])
        earlier = IdempotentAnswer.objects.filter(user=user, key=key).first()
        if earlier and earlier.fingerprint == fingerprint:
            return HttpResponseRedirect(earlier.headers["Location"])
        response = act()
        if response.status_code == HTTPStatus.FOUND:
            IdempotentAnswer.objects.update_or_create(
                user=user,
                key=key,
                defaults={
                    "fingerprint": fingerprint,
                    "status": response.status_code,
                    "headers": {"Location": response.headers["Location"]},
                    "body": b"",
                    "at": clock.now(),
                },
            )
    return response


def form_claim(request: HttpRequest, user: User, key: str, *, leads_to: str, now: datetime) -> bool:
    """
    Take the key of a form whose act talks to the network, and so must not be done within a transaction.

    False: it was taken before, with these words. Better not done at all than twice: an act that is cut short
    is not repeated. Sent with other words it is another act, as in `form_once`.
    """
    _answer, is_first = IdempotentAnswer.objects.get_or_create(
        user=user,
        key=_act_key(request, key),
        defaults={"status": HTTPStatus.FOUND, "headers": {"Location": leads_to}, "body": b"", "at": now},
    )
    return is_first


def form_release(request: HttpRequest, user: User, key: str) -> None:
    """Give a key back whose act was refused and has done nothing: the form may be sent again."""
    IdempotentAnswer.objects.filter(user=user, key=_act_key(request, key)).delete()


def _act_key(request: HttpRequest, key: str) -> str:
    return f"act:{_digest(key)}:{_form_fingerprint(request)[:16]}"


def _digest(*told: str) -> str:
    """Return what stands for texts that somebody sent: NUL, which they may hold, no statement can carry."""
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _lock_name(user: User, key: str) -> str:
    return f"idempotency:{user.pk}:{key}"


class _StillAnswering(Conflict):
    wait = 1  # becomes Retry-After


def _still_answering() -> str:
    return _("The first request with this Idempotency-Key is still being answered.")


def _key(text: str) -> str:
    if not (0 < len(text) <= 255 and text.isascii() and text.isprintable()):
        raise ValidationError({HEADER: [_("1 to 255 printable ASCII characters.")]})
    return text


def _fingerprint(request: Request) -> str:
    """Tell one request from another by method, path and what the body says, not by how it is spelt."""
    told = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    data = request.data
    if not isinstance(data, QueryDict):
        told.update(orjson.dumps(data, option=orjson.OPT_SORT_KEYS))
        return told.hexdigest()
    _tell(told, data.lists())
    return told.hexdigest()


def _form_fingerprint(request: HttpRequest) -> str:
    """Tell one sending of a form from another: by where it goes and what is in it, but for its two tokens."""
    told = hashlib.sha256(f"{request.get_full_path()}\n".encode())
    typed = ((name, values) for name, values in request.POST.lists() if name not in _TOKENS)
    _tell(told, [*typed, *request.FILES.lists()])
    return told.hexdigest()


def _tell(told: "hashlib._Hash", fields: Iterable[tuple[str, list[Any]]]) -> None:
    for name, values in sorted(fields, key=itemgetter(0)):
        for value in values:
            told.update(f"{name!r}=".encode())
            told.update(_file_digest(value) if isinstance(value, UploadedFile) else repr(value).encode())


def _file_digest(file: "UploadedFile[bytes]") -> bytes:
    content = hashlib.sha256()
    for chunk in file.chunks():
        content.update(chunk)
    file.seek(0)
    return content.digest()


def _alone(user: User, key: str) -> bool:
    """Take the lock on this key until the end of the transaction; False: another request has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [_lock_name(user, key)])
        row: tuple[bool] = cursor.fetchone()
    return row[0]


def _earlier(user: User, key: str, fingerprint: str, *, now: datetime) -> Response | None:
    kept = IdempotentAnswer.objects.filter(user=user, key=key).first()
    if kept is None:
        return None
    if kept.at <= now - KEPT_FOR:
        kept.delete()
        return None
    if kept.fingerprint != fingerprint:
        raise Unprocessable(_("This Idempotency-Key was used for another request. Take a new key."))
    if kept.status == HTTPStatus.PROCESSING:
        if kept.at > now - AT_WORK_FOR:
            raise _StillAnswering(_still_answering())
        raise Conflict(
            _(
                "The first request with this Idempotency-Key was cut short: nobody knows if it was done."
                " Look, and take a new key to do it again."
            )
        )
    body = bytes(kept.body)
    if kept.headers.pop(SEALED, None):
        body = unseal(body.decode()).encode()
    content_type = kept.headers.pop("Content-Type", None)
    return Response(
        orjson.loads(body) if body else None,
        status=kept.status,
        headers={**kept.headers, "Idempotent-Replayed": "true"},
        content_type=content_type,
    )


def _act(
    handler: Handler, on_error: Callable[[Exception], Response], request: Request, *args: Any, **kwargs: Any
) -> Response:
    """Run the handler; a refusal takes back whatever it had begun, and is an answer like any other."""
    try:
        with transaction.atomic():
            return handler(request, *args, **kwargs)
    except Exception as error:
        if isinstance(error, APIException) and error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise
        return on_error(error)  # which raises again what is no refusal: then nothing is kept


def _keep(
    user: User, key: str, fingerprint: str, response: Response, *, is_secret: bool, now: datetime
) -> None:
    IdempotentAnswer.objects.create(
        user=user, key=key, fingerprint=fingerprint, at=now, **_kept(response, is_secret=is_secret)
    )


def _kept(response: Response, *, is_secret: bool) -> dict[str, Any]:
    """Return what of an answer is kept: status, headers that are repeated, and body."""
    headers = {name: response.headers[name] for name in _REPEATED_HEADERS if name in response.headers}
    if response.content_type:
        headers["Content-Type"] = response.content_type
    body = b"" if response.data is None else JSONRenderer().render(response.data)
    if is_secret and body:
        headers[SEALED] = "1"
        body = seal(body.decode()).encode()
    return {"status": response.status_code, "headers": headers, "body": body}
