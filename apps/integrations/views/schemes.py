from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.http import UserRequest, requires
from apps.core import clock
from apps.integrations import selectors, services
from apps.integrations.forms import SchemeForm
from apps.integrations.services import SchemeFixed, SchemeRefused


@require_http_methods(["GET", "POST"])
@requires("integrations.change_identityscheme")
def scheme(request: UserRequest) -> HttpResponse:
    """What tells people apart who come in through sources: chosen once, before anything is taken."""
    chosen = selectors.scheme()
    form = SchemeForm(request.POST or None, initial={"namespace": chosen.namespace} if chosen else None)
    if request.method == "POST" and form.is_valid():
        try:
            services.scheme_choose(namespace=form.cleaned_data["namespace"], by=request.user, now=clock.now())
        except (SchemeRefused, SchemeFixed) as refusal:
            form.add_error("namespace", str(refusal))
        else:
            messages.success(request, _("Chosen. Sources may send now."))
            return redirect("integrations:source-list")
    context = {"form": form, "chosen": chosen, "is_fixed": selectors.scheme_is_fixed()}
    return render(request, "integrations/scheme.html", context)
