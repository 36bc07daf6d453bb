"""
What a mail's links open: the pixel, a click, leaving the list, choosing topics, the mail in the browser.

For everyone who has the mail: no sign-in, no cookie. A token that we did not make is a 404 and nothing else.
"""

import base64
import logging
from http import HTTPStatus

from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotFound, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from apps.content.rendering import DestinationRefused
from apps.core import clock
from apps.core.network import network_address
from apps.messaging import previews, selectors, services
from apps.messaging.machines import machine_reason
from apps.messaging.models import Recipient
from apps.messaging.tokens import Purpose, token_make, token_read

logger = logging.getLogger(__name__)

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
NOT_KEPT = {"Cache-Control": "max-age=0, no-cache, no-store, must-revalidate, private"}
LED_ON = {"Content-Length": "0", **NOT_KEPT}
PIXEL_HEADERS = {"Content-Type": "image/gif", "Content-Length": str(len(PIXEL)), **NOT_KEPT}
# Somebody else's HTML: nothing of ours in reach, no script, links open where the reader is.
VIEW_POLICY = (
    "default-src 'none'; img-src https: http: data:; style-src 'unsafe-inline'; font-src https: data:; "
    "form-action 'none'; base-uri 'none'; sandbox allow-popups allow-popups-to-escape-sandbox "
    "allow-top-navigation-by-user-activation"
)


@require_safe
def opened(request: HttpRequest, token: str) -> HttpResponse:
    """Answer with the pixel whatever happens: a mail must not look broken because we are."""
    recipient_id = _recipient_id(Purpose.OPEN, token)
    try:
        services.open_record(
            recipient_id=recipient_id, machine_reason=machine_reason(request.method or "", request.headers)
        )
    except (OperationalError, InterfaceError):
        logger.exception("an open was not recorded")
    return HttpResponse(PIXEL, headers=PIXEL_HEADERS)


@require_safe
def clicked(request: HttpRequest, token: str) -> HttpResponse:
    """Record the click and lead on: to where the database says, whatever is in the address."""
    found = token_read(Purpose.CLICK, token)
    if found is None:
        raise Http404
    recipient_id, position = found
    try:
        destination = services.click_record(
            recipient_id=recipient_id,
            position=position,
            machine_reason=machine_reason(request.method or "", request.headers),
        )
        if destination is None:
            raise Http404
        return HttpResponseRedirect(selectors.destination_url(destination), headers=LED_ON)
    except DestinationRefused:
        # Not Http404, which is looked for once more: the click has been counted.
        return HttpResponseNotFound(_("This link leads nowhere."), content_type="text/plain")
    except (OperationalError, InterfaceError):
        logger.exception("a click was not recorded")
        return _out_of_order(request)


@csrf_exempt  # RFC 8058: the mailbox provider posts for the reader, without a cookie; the token is the proof
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Show what it would do; do it on POST, at once. GET changes nothing: scanners fetch every link."""
    try:
        recipient = _recipient(Purpose.UNSUBSCRIBE, token)
        if request.method == "POST":
            one_click = request.POST.get("List-Unsubscribe") == "One-Click"
            services.recipient_unsubscribe(
                recipient=recipient,
                basis="one-click unsubscribe" if one_click else "unsubscribe page",
                now=clock.now(),
                # One click is the mailbox provider's, whose machine says nothing about the reader.
                network=None if one_click else network_address(request),
            )
            if one_click:  # nobody reads the answer, and they come by the thousand
                return HttpResponse(_("You get no more of these mails."), content_type="text/plain")
        is_done = selectors.recipient_has_left(recipient)
        context = {
            "recipient": recipient,
            "is_done": is_done,
            "preferences_token": token_make(Purpose.PREFERENCES, recipient.pk),
            "topics": [] if is_done else selectors.preferences(recipient),
        }
    except OperationalError:
        logger.exception("an unsubscribe could not be written")
        return _out_of_order(request)
    return render(request, "messaging/public_unsubscribe.html", context)


@csrf_exempt  # as for `unsubscribe`: no cookie, the token is the proof
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """Show what the reader gets; keep what they choose on POST. GET changes nothing: scanners fetch links."""
    is_saved, refusal = False, ""
    try:
        recipient = _recipient(Purpose.PREFERENCES, token)
        if recipient.contact.erased_at is not None:
            raise Http404
        if request.method == "POST":
            is_saved = True
            try:
                _preferences_keep(request, recipient)
            except services.PreferencesRefused as refused:
                is_saved, refusal = False, str(refused)
        context = {
            "recipient": recipient,
            "has_left": selectors.recipient_has_left(recipient),
            "preferences": selectors.preferences(recipient),
            "gets_untitled": selectors.gets_untitled(recipient),
            "is_saved": is_saved,
            "refusal": refusal,
        }
    except OperationalError:
        logger.exception("a preference could not be written")
        return _out_of_order(request)
    return render(request, "messaging/public_preferences.html", context)


def _preferences_keep(request: HttpRequest, recipient: Recipient) -> None:
    now = clock.now()
    if "all" in request.POST:
        services.recipient_unsubscribe(
            recipient=recipient, basis="preference page", now=now, network=network_address(request)
        )
    else:
        services.preferences_save(
            recipient=recipient,
            shown=request.POST.getlist("shown"),
            chosen=request.POST.getlist("topic"),
            now=now,
            network=network_address(request),
        )


@never_cache
@require_safe
def in_browser(request: HttpRequest, token: str) -> HttpResponse:
    """Show the mail as a page that can do nothing but be read and lead on."""
    html = previews.recipient_page(_recipient(Purpose.VIEW, token))
    if html is None:
        raise Http404
    response = HttpResponse(html)
    response.headers["Content-Security-Policy"] = VIEW_POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _recipient_id(purpose: Purpose, token: str) -> int:
    found = token_read(purpose, token)
    if found is None:
        raise Http404
    return found[0]


def _recipient(purpose: Purpose, token: str) -> Recipient:
    found = selectors.recipient_of_mail(_recipient_id(purpose, token))
    if found is None:
        raise Http404
    return found


def _out_of_order(request: HttpRequest) -> HttpResponse:
    response = render(request, "messaging/public_later.html", status=HTTPStatus.SERVICE_UNAVAILABLE)
    response.headers["Retry-After"] = "60"
    return response
