from typing import Any

from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails


class HtmxRequest(HttpRequest):
    htmx: HtmxDetails


def wants_fragment(request: HtmxRequest) -> bool:
    """Test if a part is enough. Boosted links and history restores come from htmx but need the page."""
    return bool(request.htmx) and not request.htmx.boosted and not request.htmx.history_restore_request


def render_page_or_fragment(
    request: HtmxRequest, template: str, context: dict[str, Any], *, fragment: str
) -> HttpResponse:
    """
    Render `template`, or only its partial `fragment` when htmx asks for a part.

    Messages that wait for the person come along with a part, and are put into the page's list of notes.
    """
    is_part = wants_fragment(request)
    response = render(request, f"{template}#{fragment}" if is_part else template, context)
    if is_part and len(get_messages(request)):
        response.content += render(request, "components/_toasts_oob.html").content
    # One URL, two bodies: without this the back button may show a bare fragment from the cache.
    patch_vary_headers(response, ["HX-Request"])
    return response
