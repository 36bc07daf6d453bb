"""What Django answers when no view could."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views import defaults

from apps.core.problems import problem_response


def server_error(request: HttpRequest) -> HttpResponse:
    """Own up to a fault of ours: to a program with a problem, to a person with a page."""
    if request.path.startswith("/api/"):
        detail = _("Something went wrong here. It is logged under this request_id.")
        return problem_response(request, HTTPStatus.INTERNAL_SERVER_ERROR, detail)
    return defaults.server_error(request)
