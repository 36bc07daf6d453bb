"""The pages of the frequency caps."""

from django.contrib import messages as notes
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.core import clock
from apps.core.errors import DomainError, SavedSince
from apps.messaging import forms, services
from apps.messaging.models import FrequencyCap


@require_http_methods(["GET", "POST"])
@requires("messaging.add_frequencycap")
def cap_create(request: UserRequest) -> HttpResponse:
    return _cap_form(request, FrequencyCap())


@require_http_methods(["GET", "POST"])
@requires("messaging.change_frequencycap", on=FrequencyCap)
def cap_update(request: UserRequest, frequencycap: FrequencyCap) -> HttpResponse:
    return _cap_form(request, frequencycap)


def _cap_form(request: UserRequest, cap: FrequencyCap) -> HttpResponse:
    form = forms.CapForm(request.POST or None, instance=cap)
    if request.method == "POST" and form.is_valid():
        try:
            services.cap_save(
                cap=form.save(commit=False),
                by=request.user,
                now=clock.now(),
                seen_at=form.seen,
            )
        except SavedSince as stale:
            form.refuse_stale(stale)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        except DomainError as refusal:
            form.add_error("topic", str(refusal))
        else:
            notes.success(request, _("The cap is saved."))
            return redirect("messaging:policy")
    return render(request, "messaging/cap_form.html", {"cap": cap, "form": form})


@require_POST
@requires("messaging.delete_frequencycap", on=FrequencyCap)
def cap_delete(request: UserRequest, frequencycap: FrequencyCap) -> HttpResponse:
    services.cap_delete(cap=frequencycap, by=request.user, now=clock.now())
    notes.success(request, _("The cap is deleted."))
    return redirect("messaging:policy")
