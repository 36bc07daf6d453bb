"""
Opens and clicks, answered before Django makes a request of them.

Mail programs ask for these by the thousand, and all that a hit needs is its token, one statement and a few
headers. Whatever is less plain than that (a token that is not ours, a database that is away, plain HTTP where
it must not be) goes on to the same addresses behind this door, `views.tracking`, which answer it in full.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpResponseBase

from apps.content.rendering import DestinationRefused
from apps.core.metrics import REQUEST_SECONDS
from apps.messaging import selectors, services
from apps.messaging.machines import machine_reason
from apps.messaging.tokens import Purpose, token_read
from apps.messaging.views.tracking import LED_ON, PIXEL, PIXEL_HEADERS

Environ = dict[str, Any]
Start = Callable[..., Any]  # as PEP 3333 has it
Body = Iterable[bytes] | HttpResponseBase
Answer = tuple[str, list[tuple[str, str]], bytes]

TOLD = {
    "User-Agent": "HTTP_USER_AGENT",
    "Purpose": "HTTP_PURPOSE",
    "Sec-Purpose": "HTTP_SEC_PURPOSE",
    "X-Purpose": "HTTP_X_PURPOSE",
    "X-Moz": "HTTP_X_MOZ",
}
GUARDED = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}
OPENED = list((PIXEL_HEADERS | GUARDED).items())
CLICKED = list((LED_ON | GUARDED).items())


class Door:
    """A WSGI application around Django's."""

    def __init__(self, application: Callable[[Environ, Start], Body]) -> None:
        self._application = application

    def __call__(self, environ: Environ, start_response: Start) -> Body:
        started = time.perf_counter()
        answer = _answer(environ)
        if answer is None:
            return self._application(environ, start_response)
        status, headers, body = answer
        start_response(status, headers)
        name = "messaging:open" if body else "messaging:click"
        seconds = time.perf_counter() - started
        REQUEST_SECONDS.labels(environ["REQUEST_METHOD"], name, int(status[:3])).observe(seconds)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]


def _answer(environ: Environ) -> Answer | None:
    """Return the answer to a hit that is on disk; None for all that Django is to answer."""
    path: str = environ["PATH_INFO"]
    if environ["REQUEST_METHOD"] not in {"GET", "HEAD"} or not _is_safe(environ):
        return None
    try:
        if path.startswith("/o/") and path.endswith(".gif"):
            return _opened(path[3:-4], environ)
        if path.startswith("/c/"):
            return _clicked(path[3:], environ)
    except (DatabaseError, InterfaceError):
        return None
    return None


def _opened(token: str, environ: Environ) -> Answer | None:
    found = token_read(Purpose.OPEN, token)
    if found is None:
        return None
    services.open_record(recipient_id=found[0], machine_reason=_reason(environ))
    return "200 OK", OPENED, PIXEL


def _clicked(token: str, environ: Environ) -> Answer | None:
    found = token_read(Purpose.CLICK, token)
    if found is None:
        return None
    recipient_id, position = found
    destination = services.click_record(
        recipient_id=recipient_id, position=position, machine_reason=_reason(environ)
    )
    if destination is None:
        return None
    try:
        url = selectors.destination_url(destination)
    except DestinationRefused:  # the click has been counted: Django would count it again
        return "404 Not Found", CLICKED, b""
    return "302 Found", [("Location", url), *CLICKED], b""


def _reason(environ: Environ) -> str:
    told = {name: environ[key] for name, key in TOLD.items() if key in environ}
    return machine_reason(environ["REQUEST_METHOD"], told)


def _is_safe(environ: Environ) -> bool:
    """Test if it came by HTTPS, where everything has to."""
    if not settings.SECURE_SSL_REDIRECT or environ["wsgi.url_scheme"] == "https":
        return True
    header, value = settings.SECURE_PROXY_SSL_HEADER or ("", "")
    return environ.get(header) == value
