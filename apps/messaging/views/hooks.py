"""Where providers call. The secret in the address says which of ours it is; a wrong one is a 404."""

from http import HTTPStatus

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.core import clock
from apps.messaging import services
from apps.messaging.models import Provider
from apps.messaging.services.providers import Call, CallNotUnderstood, CallRefused


@csrf_exempt  # no cookie is read; the secret, and the signature where there is one, are the proof
@never_cache
@require_http_methods(["HEAD", "POST"])
def provider_call(request: HttpRequest, kind: str, secret: str) -> HttpResponse:
    provider = Provider.objects.called(kind, secret).first()
    if provider is None:
        raise Http404
    if request.method == "HEAD":  # some look if anybody is there when the address is given to them
        return HttpResponse()
    try:
        answer = services.provider_call(provider=provider, call=_call(request), now=clock.now())
    except CallRefused:
        return HttpResponse(status=HTTPStatus.FORBIDDEN)
    except CallNotUnderstood:
        return HttpResponse(status=HTTPStatus.BAD_REQUEST)
    # What failed may do so for want of a database: told again, the rest changes nothing.
    return HttpResponse(status=HTTPStatus.SERVICE_UNAVAILABLE if answer.failed else HTTPStatus.OK)


def _call(request: HttpRequest) -> Call:
    body = request.body  # before the form is read of it
    return Call(
        url=f"{settings.BASE_URL}{request.get_full_path()}",
        content_type=request.content_type or "",
        headers=request.headers,
        body=body,
        fields=request.POST.dict(),
    )
