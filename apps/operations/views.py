from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.accounts.http import UserRequest, requires
from apps.core import clock
from apps.core.health import Level, examine
from apps.core.htmx import render_page_or_fragment
from apps.operations import mailbox, selectors
from apps.operations.mailbox import Caught

PAGE_SIZE = 50
# Styles as mail programs allow them, pictures from anywhere, and nothing else: above all no script.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src * data:; font-src *; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


@require_GET
@requires("operations.view_health")
def health_dot(request: UserRequest) -> HttpResponse:
    """The dot in the top bar: whether scheduler and workers report."""
    late = [pulse for pulse in selectors.pulses(now=clock.now()) if pulse.level != Level.OK]
    may_look = request.user.has_perm("operations.view_machine")
    return render(request, "operations/_health_dot.html", {"late": late, "may_look": may_look})


@require_GET
@requires("operations.view_machine")
def system_health(request: UserRequest) -> HttpResponse:
    context = {
        "report": examine(with_network=False),
        "pulses": selectors.pulses(now=clock.now()),
        "sending_enabled": settings.SENDING_ENABLED,
    }
    return render_page_or_fragment(
        request, "operations/system_health.html", context, fragment="system-health"
    )


@require_GET
@requires("operations.view_mailbox")
def mailbox_list(request: UserRequest) -> HttpResponse:
    before, search = request.GET.get("before", ""), request.GET.get("q", "")
    page = mailbox.caught_page(
        _folder(), before=int(before) if before.isdecimal() else None, search=search, size=PAGE_SIZE
    )
    context = {"page": page, "search": search, "is_first": not before}
    return render_page_or_fragment(request, "operations/mailbox_list.html", context, fragment="mailbox-list")


@require_GET
@requires("operations.view_mailbox")
def mailbox_message(request: UserRequest, number: int) -> HttpResponse:
    caught = _caught(number)
    message = mailbox.parse(caught.content())
    context = {
        "caught": caught,
        "crumbs": [(_("Caught mail"), reverse("mailbox-list"))],
        "headers": list(message.items()),
        "text": mailbox.body(message, "plain"),
        "has_html": bool(mailbox.body(message, "html")),
    }
    return render(request, "operations/mailbox_message.html", context)


@require_GET
@requires("operations.view_mailbox")
def mailbox_html(request: UserRequest, number: int) -> HttpResponse:
    """The HTML part alone, for the frame. Links open in a tab of their own."""
    html = mailbox.body(mailbox.parse(_caught(number).content()), "html")
    return HttpResponse(
        '<base target="_blank">' + html,
        headers={"Content-Security-Policy": MAIL_POLICY, "Referrer-Policy": "no-referrer"},
    )


@require_GET
@requires("operations.view_mailbox")
def mailbox_raw(request: UserRequest, number: int) -> HttpResponse:
    return HttpResponse(
        _caught(number).content(),
        content_type="message/rfc822",
        headers={"Content-Disposition": f'attachment; filename="message-{number}.eml"'},
    )


def _folder() -> Path:
    if settings.MAILBOX_DIR is None:  # mail goes to a real server, and is not ours to read
        raise Http404
    return settings.MAILBOX_DIR


def _caught(number: int) -> Caught:
    caught = mailbox.caught_get(_folder(), number)
    if caught is None or not caught.path.exists():
        raise Http404
    return caught
