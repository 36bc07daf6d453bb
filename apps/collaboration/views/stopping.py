"""For whoever has a digest in the mailbox, signed in or not: the signed token is the key."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.collaboration import notifying, services
from apps.core import clock


@csrf_exempt  # RFC 8058: the mailbox provider posts for the reader, without a cookie; the token is the proof
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def digest_stop(request: HttpRequest, token: str) -> HttpResponse:
    """Show what it would do; do it on POST, at once. GET changes nothing: scanners fetch every link."""
    user = notifying.digest_token_read(token)
    if user is None:
        raise Http404
    if request.method == "POST":
        services.digest_stop(user=user, now=clock.now())
    return render(request, "collaboration/public_digest_stop.html", {"is_done": request.method == "POST"})
