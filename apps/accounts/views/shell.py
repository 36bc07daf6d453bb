from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.accounts.http import UserRequest, requires
from apps.core import clock
from apps.core.design import samples
from apps.core.home import Look, panels_for, steps_for
from apps.core.htmx import render_page_or_fragment
from apps.core.search import search as find


@require_GET
@requires("accounts.view_home")
def home(request: UserRequest) -> HttpResponse:
    look = Look(request.user, clock.now())
    context = {"panels": panels_for(look), "steps": steps_for(look), "now": look.now}
    return render(request, "accounts/home.html", context)


@require_GET
@requires("accounts.view_home")
def search(request: UserRequest) -> HttpResponse:
    here = urlsplit(request.htmx.current_url_abs_path or "").path if request.htmx else ""
    recent = request.GET.get("recent", "")[:1000].split()
    context = {"results": find(request.user, request.GET.get("q", ""), here=here, recent=recent)}
    return render_page_or_fragment(request, "accounts/search.html", context, fragment="palette-hits")


@require_GET
@requires("accounts.view_design")
def design(request: UserRequest) -> HttpResponse:
    return render(request, "design/design.html", samples(request.GET, clock.now()))


def closed(request: HttpRequest) -> HttpResponse:
    """Answer for the pages of a package that this product does not have."""
    raise Http404
