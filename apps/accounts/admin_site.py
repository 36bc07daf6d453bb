from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from unfold.sites import UnfoldAdminSite


class BookendAdminSite(UnfoldAdminSite):  # type: ignore[misc]  # untyped package
    """Django admin behind the product's own sign-in, second factor included; only for administrators."""

    enable_nav_sidebar = True

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.user.is_authenticated:
            raise Http404  # signed in, and it is not for them
        return redirect_to_login(request.GET.get("next", request.get_full_path()))
