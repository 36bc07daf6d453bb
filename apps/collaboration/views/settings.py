from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.http import UserRequest, requires
from apps.collaboration import forms, selectors, services
from apps.core import clock
from apps.core.htmx import render_page_or_fragment


@require_http_methods(["GET", "POST"])
@requires("collaboration.change_own_settings")
def notification_settings(request: UserRequest) -> HttpResponse:
    """Choose what to be told of, in the app and by e-mail, and when the digest comes."""
    wish = selectors.notification_settings(request.user)
    form = forms.SettingsForm(request.POST if request.method == "POST" else None, wish=wish)
    if request.method == "POST" and form.is_valid():
        now = clock.now()
        services.notification_settings_change(user=request.user, now=now, **form.fields_cleaned)
        messages.success(request, _("Saved."))
        return redirect("collaboration:notification-settings")
    context = {"form": form, "wish": wish}
    return render_page_or_fragment(
        request, "collaboration/notification_settings.html", context, fragment="notification-settings"
    )
