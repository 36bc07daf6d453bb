"""The rules that hold for every message."""

from django.contrib import messages as notes
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.core import clock
from apps.messaging import forms, homes, selectors, services
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


@require_POST
@requires("messaging.change_sendingpolicy")
def sending_move_here(request: UserRequest) -> HttpResponse:
    try:
        services.sending_move_here(by=request.user, now=clock.now())
    except services.PolicyInvalid as refusal:
        notes.error(request, str(refusal))
    else:
        notes.success(request, _("From now on this database sends."))
    return redirect("messaging:policy")


@require_http_methods(["GET", "POST"])
@requires("messaging.change_sendingpolicy")
def policy_update(request: UserRequest) -> HttpResponse:
    form = forms.PolicyForm(request.POST or None, instance=SendingPolicy.objects.current())
    if request.method == "POST" and form.is_valid():
        try:
            services.policy_update(by=request.user, now=clock.now(), **form.cleaned_data)
        except services.PolicyInvalid as refusal:
            form.add_error(refusal.field or None, str(refusal))
        else:
            notes.success(request, _("The sending rules are saved."))
            return redirect("messaging:policy")
    return render(request, "messaging/policy_form.html", {"form": form})
