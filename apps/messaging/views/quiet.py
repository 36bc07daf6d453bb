"""The pages of the quiet hours."""

from django.contrib import messages as notes
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.core import clock
from apps.core.errors import SavedSince
from apps.messaging import forms, services
from apps.messaging.models import QuietHours


@require_http_methods(["GET", "POST"])
@requires("messaging.add_quiethours")
def quiet_create(request: UserRequest) -> HttpResponse:
    return _quiet_form(request, QuietHours())


@require_http_methods(["GET", "POST"])
@requires("messaging.change_quiethours", on=QuietHours)
def quiet_update(request: UserRequest, quiethours: QuietHours) -> HttpResponse:
    return _quiet_form(request, quiethours)


def _quiet_form(request: UserRequest, quiet: QuietHours) -> HttpResponse:
    form = forms.QuietForm(request.POST or None, instance=quiet)
    if request.method == "POST" and form.is_valid():
        try:
            services.quiet_save(
                quiet=form.save(commit=False),
                by=request.user,
                now=clock.now(),
                seen_at=form.seen,
            )
        except SavedSince as stale:
            form.refuse_stale(stale)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            notes.success(request, _("The quiet hours are saved."))
            return redirect("messaging:policy")
    return render(request, "messaging/quiet_form.html", {"quiet": quiet, "form": form})


@require_POST
@requires("messaging.delete_quiethours", on=QuietHours)
def quiet_delete(request: UserRequest, quiethours: QuietHours) -> HttpResponse:
    services.quiet_delete(quiet=quiethours, by=request.user, now=clock.now())
    notes.success(request, _("The quiet hours are deleted."))
    return redirect("messaging:policy")
