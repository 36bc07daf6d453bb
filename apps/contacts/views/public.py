"""What the mails of double opt-in lead to. For everyone who has the mail: no sign-in, no cookie."""

from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.contacts import services
from apps.core import clock
from apps.core.network import network_address


@csrf_exempt  # the signed token is the proof; the page must work without a cookie
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Show the question; take the yes on POST, at once. GET changes nothing: scanners fetch every link."""
    confirmation = services.confirmation_of(token)
    if confirmation is None:
        raise Http404
    now = clock.now()
    is_done, refusal = confirmation.confirmed_at is not None, ""
    try:
        if request.method == "POST":
            services.confirmation_confirm(
                confirmation=confirmation, now=now, network=network_address(request)
            )
            is_done = True
        elif not is_done:
            services.confirmation_check(confirmation=confirmation, now=now)
    except services.ConfirmationOver as over:
        refusal = str(over)
    context = {"confirmation": confirmation, "is_done": is_done, "refusal": refusal}
    status = HTTPStatus.GONE if refusal else HTTPStatus.OK
    return render(request, "contacts/public_confirm.html", context, status=status)
