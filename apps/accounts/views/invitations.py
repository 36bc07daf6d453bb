from typing import Any

from django.contrib import messages
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts import forms, selectors, services
from apps.accounts.http import UserRequest, requires
from apps.accounts.models import Invitation, User
from apps.core import clock
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Column, ListSpec

LIST = ListSpec(
    columns=[
        Column(gettext_lazy("Address"), sort="email"),
        Column(gettext_lazy("Role")),
        Column(gettext_lazy("Invited"), sort="created_at", descends_first=True),
        Column(gettext_lazy("State")),
        Column(""),
    ],
    default_sort="-created_at",
    search_hint=gettext_lazy("Search by address"),
)
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@require_GET
@requires("accounts.invite_people")
def invitations(request: UserRequest) -> HttpResponse:
    asked = LIST.read(request.GET)
    context = {"listing": asked.page(selectors.invitations(search=asked.search)), "now": clock.now()}
    return render_page_or_fragment(request, "accounts/invitations.html", context, fragment="invitation-list")


@require_http_methods(["GET", "POST"])
@requires("accounts.invite_people")
def invite(request: UserRequest) -> HttpResponse:
    form = forms.InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        now = clock.now()
        try:
            invitation, secret = services.invitation_create(by=request.user, now=now, **form.cleaned_data)
        except services.InvitationNotPossible as refusal:
            form.add_error("email", str(refusal))
        else:
            return _send(request, invitation, secret)
    return render_page_or_fragment(request, "accounts/invite.html", {"form": form}, fragment="invite")


@require_POST
@requires("accounts.invite_people", on=Invitation)
def invitation_resend(request: UserRequest, invitation: Invitation) -> HttpResponse:
    form = forms.ResendForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Look at the invitation again before you send it."))
        return redirect("accounts:invitations")
    try:
        invitation, secret = services.invitation_renew(
            invitation=invitation, by=request.user, now=clock.now(), seen=form.cleaned_data["seen"]
        )
    except services.InvitationRenewed as meanwhile:
        # The button pressed twice, or the request repeated: a second link would kill the first mail's.
        messages.info(request, str(meanwhile))
        return redirect("accounts:invitations")
    except services.InvitationNotPossible as refusal:
        messages.error(request, str(refusal))
        return redirect("accounts:invitations")
    return _send(request, invitation, secret)


@require_POST
@requires("accounts.invite_people", on=Invitation)
def invitation_revoke(request: UserRequest, invitation: Invitation) -> HttpResponse:
    try:
        services.invitation_revoke(invitation=invitation, by=request.user, now=clock.now())
    except services.InvitationNotPossible as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The invitation is taken back; its link opens nothing any more."))
    return redirect("accounts:invitations")


@never_cache
@require_http_methods(["GET", "POST"])
def invitation_accept(request: HttpRequest, secret: str) -> HttpResponse:
    """Let the invited in. For everyone who has the link: the secret in it is the permission."""
    invitation = selectors.invitation_behind(secret)
    if invitation is None:
        raise Http404
    now = clock.now()
    context: dict[str, Any] = {"invitation": invitation, "role": User.Role(invitation.role).label}
    if not invitation.is_open(at=now):
        return render(request, "accounts/invitation_over.html", context, status=410)
    form = forms.AcceptForm(request.POST or None, email=invitation.email)
    if request.method == "POST" and form.is_valid():
        try:
            user = services.invitation_accept(invitation=invitation, now=now, **form.cleaned_data)
        except services.InvitationNotPossible as refusal:
            form.add_error(None, str(refusal))
        else:
            login(request, user, backend=BACKEND)
            return redirect("home")
    return render(request, "accounts/invitation.html", {**context, "form": form})


def _send(request: UserRequest, invitation: Invitation, secret: str) -> HttpResponse:
    try:
        services.invitation_send(invitation=invitation, secret=secret, now=clock.now())
    except services.InvitationNotSent as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request, _("The invitation is on its way to %(email)s.") % {"email": invitation.email}
        )
    return redirect("accounts:invitations")
