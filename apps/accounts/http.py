from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.db.models import Model, QuerySet
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import get_script_prefix, resolve
from django.utils.http import url_has_allowed_host_and_scheme

from apps.accounts import idempotency
from apps.accounts.asking import asking_once
from apps.accounts.models import User
from apps.accounts.permissions import permission_check
from apps.core.gone import ABSENCE, has_gone
from apps.core.htmx import HtmxRequest

View = Callable[..., HttpResponseBase]


class UserRequest(HtmxRequest):
    """What a view may rely on below `requires`."""

    user: User


def _shown(model: type[Model]) -> QuerySet[Any]:
    """Return all of them, with what the pages of one always show, where its QuerySet says what that is."""
    manager: Any = model._default_manager
    found: QuerySet[Any] = manager.shown() if hasattr(manager, "shown") else manager.all()
    return found


def requires(permission: str, *, on: type[Model] | None = None) -> Callable[[View], View]:
    """
    Let in only users with `permission`; with `on`, with that permission on the object that the URL names.

    The view gets the object itself in place of `pk`, so it cannot load one and forget to ask.
    A form printed with `{% once %}` acts once, however often it is sent.
    Signed out: the sign-in page. Nothing there, or not for these eyes: 404. Seen but not allowed: 403.
    Deleted by somebody else between the loading and the act: 404 too.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapper(request: UserRequest, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(_way_back(request))
            subject = None
            if on is not None:
                subject = get_object_or_404(_shown(on), pk=kwargs.pop("pk"))
                kwargs[str(on._meta.model_name)] = subject
            # An act may change what the next question goes by; a page that is only read changes nothing.
            with asking_once() if request.method == "GET" else nullcontext():
                permission_check(request.user, permission, subject)
                try:
                    if request.method == "POST" and request.POST.get("once"):
                        return idempotency.form_once(request, request.user, lambda: view(request, **kwargs))
                    return view(request, **kwargs)
                except ABSENCE as error:
                    if has_gone(subject):
                        raise Http404 from error
                    raise

        # Read by the tests that ask every view who may enter.
        wrapper.permission = permission  # type: ignore[attr-defined]
        wrapper.model = on  # type: ignore[attr-defined]
        return wrapper

    return decorate


def _way_back(request: HtmxRequest) -> str:
    """
    Return where somebody goes on after signing in.

    An act is no page, nor is a part of one: then it is the page on which it was asked for.
    """
    here = request.get_full_path()
    if request.method == "GET" and (request.htmx.boosted or not request.htmx):
        return here
    page = request.headers.get("HX-Current-URL") or request.headers.get("Referer")
    if not url_has_allowed_host_and_scheme(page, request.get_host(), require_https=request.is_secure()):
        return here
    return urlsplit(page or "")._replace(scheme="", netloc="", fragment="").geturl()


def leads_in(user: User, url: str, *, thing: Model) -> bool:
    """
    Test if a link on a page about `thing` leads this person in, so that no page offers what it then refuses.

    Only what is asked of `thing` itself is looked at: a page about something else decides when it is opened.

    :raises django.urls.Resolver404: there is no such page
    """
    match = resolve(f"/{urlsplit(url).path.removeprefix(get_script_prefix())}")
    permission = getattr(match.func, "permission", "")
    is_about = getattr(match.func, "model", None) is type(thing) and match.kwargs.get("pk") == thing.pk
    return not is_about or user.has_perm(permission, thing)
