"""The rules that hold for every message."""

from datetime import datetime

from django.contrib import messages as notes
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.http import UserRequest, requires
from apps.accounts.models import User
from apps.core import clock
from apps.core.errors import SavedSince
from apps.messaging import homes, selectors, services
from apps.messaging.forms import MoveForm, PolicyForm
from apps.messaging.models import QuietHours, SendingPolicy


@require_GET
@requires("messaging.view_sendingpolicy")
def policy_detail(request: UserRequest) -> HttpResponse:
    context = {
        "is_copy": homes.is_copy(),
        "policy": SendingPolicy.objects.current(),
        "caps": selectors.caps_described(),
        "may_cap": request.user.has_perm("messaging.add_frequencycap"),
        "quiet_hours": QuietHours.objects.all(),
        "may_change": request.user.has_perm("messaging.change_sendingpolicy"),
    }
    return render(request, "messaging/policy_detail.html", context)


@require_http_methods(["GET", "POST"])
@requires("messaging.change_sendingpolicy")
def sending_move_here(request: UserRequest) -> HttpResponse:
    """Let a copy of the database send. What its original did meanwhile decides who is written to."""
    form = MoveForm(request.POST or None)
    now = clock.now()
    if request.method == "POST" and form.is_valid():
        try:
            told = _move(form.cleaned_data["since"], by=request.user, now=now)
        except services.MoveRefused as refusal:
            notes.error(request, str(refusal))
        else:
            notes.success(request, told)
        return redirect("messaging:policy")
    if not homes.is_copy():
        return redirect("messaging:policy")
    context = {"form": form, "known": selectors.copy_known(now=now)}
    return render(request, "messaging/sending_move_here.html", context)


def _move(since: str, *, by: User, now: datetime) -> str:
    if since == MoveForm.Since.NOTHING:
        services.sending_move_here(by=by, now=now)
        return _("From now on this database sends. What is due leaves.")
    count = services.sending_restore_here(by=by, now=now)
    sentence = ngettext(
        "From now on this database sends. %(n)s person is unknown: settle it on the page of the message.",
        "From now on this database sends. %(n)s people are unknown: settle them on their messages’ pages.",
        count,
    )
    return sentence % {"n": number_format(count, force_grouping=True)}


@require_http_methods(["GET", "POST"])
@requires("messaging.change_sendingpolicy")
def policy_update(request: UserRequest) -> HttpResponse:
    form = PolicyForm(request.POST or None, instance=SendingPolicy.objects.current())
    if request.method == "POST" and form.is_valid():
        try:
            services.policy_update(by=request.user, now=clock.now(), **form.cleaned_data)
        except SavedSince as stale:
            form.refuse_stale(stale)
        except services.PolicyInvalid as refusal:
            form.add_error(refusal.field or None, str(refusal))
        else:
            notes.success(request, _("The sending rules are saved."))
            return redirect("messaging:policy")
    return render(request, "messaging/policy_form.html", {"form": form})
