from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts import forms, selectors, services
from apps.accounts.http import UserRequest, requires
from apps.accounts.models import ApiToken
from apps.core import clock, secrets
from apps.core.htmx import render_page_or_fragment

# Where a new token waits, sealed, for the one page that shows it.
SHOWN_ONCE = "token_shown_once"


@require_http_methods(["GET", "POST"])
@requires("accounts.change_own_profile")
def profile(request: UserRequest) -> HttpResponse:
    user = request.user
    form = forms.ProfileForm(request.POST or None, initial={"name": user.name, "timezone": user.timezone})
    if request.method == "POST" and form.is_valid():
        services.user_profile_change(user=user, now=clock.now(), **form.cleaned_data)
        messages.success(request, _("Your profile is saved."))
        return redirect("accounts:profile")
    return render_page_or_fragment(request, "accounts/profile.html", {"form": form}, fragment="profile")


@never_cache
@require_http_methods(["GET", "POST"])
@requires("accounts.change_own_profile")
def tokens(request: UserRequest) -> HttpResponse:
    form = forms.TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        now = clock.now()
        lifetime = form.cleaned_data["lifetime"]
        _token, secret = services.token_create(
            user=request.user,
            name=form.cleaned_data["name"],
            chosen=form.cleaned_data["chosen"],
            expires_at=now + lifetime if lifetime else None,
            by=request.user,
            now=now,
        )
        request.session[SHOWN_ONCE] = secrets.seal(secret)
        return redirect("accounts:tokens")
    waiting = request.session.pop(SHOWN_ONCE, None) if request.method == "GET" else None
    context = {
        "form": form,
        "secret": secrets.unseal(waiting) if waiting else None,
        "tokens": selectors.tokens_of(request.user)[:200],
        "now": clock.now(),
    }
    return render_page_or_fragment(request, "accounts/tokens.html", context, fragment="tokens")


@require_POST
@requires("accounts.revoke_apitoken", on=ApiToken)
def token_revoke(request: UserRequest, apitoken: ApiToken) -> HttpResponse:
    services.token_revoke(token=apitoken, by=request.user, now=clock.now())
    messages.success(request, _("“%(token)s” opens nothing any more.") % {"token": apitoken.name})
    if apitoken.user_id == request.user.pk:
        return redirect("accounts:tokens")
    return redirect("accounts:person", apitoken.user_id)
