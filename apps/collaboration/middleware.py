from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from apps.collaboration.savedview_selectors import address_of, saved_views


class DefaultViewMiddleware:
    """
    Open a list with the view that the person has chosen to begin with, when nothing else is asked of it.

    Which list begins with which view is known with the person: other pages cost nothing.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, _args: tuple[Any, ...], _kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        # Only what `requires` guards asks who looks; the others must not begin to.
        if request.method != "GET" or request.GET or not hasattr(view, "permission"):
            return None
        key = request.resolver_match.view_name if request.resolver_match else ""
        user = request.user
        if not user.is_authenticated or key not in user.default_views:
            return None
        chosen = saved_views(user, list_key=key).filter(pk=user.default_views[key]).first()
        return redirect(address_of(chosen)) if chosen else None
