"""The wizard of sending domains: what to publish in DNS, and what DNS says."""

from django.contrib import messages as notes
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.core import clock
from apps.core.errors import SavedSince
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Column, ListSpec
from apps.messaging import dnsrecords, forms, selectors, services
from apps.messaging.models import SendingDomain

LIST = ListSpec(
    columns=[
        Column(gettext_lazy("Domain"), sort="name"),
        Column(gettext_lazy("DNS")),
        Column(gettext_lazy("Signed by")),
        Column(gettext_lazy("Last checked")),
    ],
    default_sort="name",
    search_hint=gettext_lazy("Search by name"),
)


@require_GET
@requires("messaging.view_domain")
def domain_list(request: UserRequest) -> HttpResponse:
    asked = LIST.read(request.GET)
    context = {
        "listing": asked.page(selectors.domains(search=asked.search)),
        "may_add": request.user.has_perm("messaging.add_domain"),
    }
    return render_page_or_fragment(request, "messaging/domain_list.html", context, fragment="domain-list")


@require_http_methods(["GET", "POST"])
@requires("messaging.add_domain")
def domain_create(request: UserRequest) -> HttpResponse:
    form = forms.DomainForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            domain = services.domain_create(by=request.user, now=clock.now(), **form.cleaned_data)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            notes.success(request, _("The domain is there. Publish its records, then check them."))
            return redirect("messaging:domain", domain.pk)
    return render(request, "messaging/domain_form.html", {"form": form, "domain": None})


@require_http_methods(["GET", "POST"])
@requires("messaging.change_domain", on=SendingDomain)
def domain_update(request: UserRequest, sendingdomain: SendingDomain) -> HttpResponse:
    form = forms.DomainForm(request.POST or None, instance=sendingdomain)
    if request.method == "POST" and form.is_valid():
        try:
            services.domain_update(
                domain=sendingdomain, by=request.user, now=clock.now(), **form.cleaned_data
            )
        except SavedSince as stale:
            form.refuse_stale(stale)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            notes.success(request, _("The domain is saved."))
            return redirect("messaging:domain", sendingdomain.pk)
    return render(request, "messaging/domain_form.html", {"form": form, "domain": sendingdomain})


@require_GET
@requires("messaging.view_domain", on=SendingDomain)
def domain_detail(request: UserRequest, sendingdomain: SendingDomain) -> HttpResponse:
    found = {one["key"]: one for one in sendingdomain.findings}
    context = {
        "domain": sendingdomain,
        "records": [(record, found.get(record.key)) for record in dnsrecords.records_wanted(sendingdomain)],
        "next_is_found": sendingdomain.state_of("dkim-next") == "ok",
        "old_needed_until": sendingdomain.retired_at and sendingdomain.retired_at + services.KEY_KEPT,
        "senders": selectors.domain_senders(sendingdomain),
        "may_change": request.user.has_perm("messaging.change_domain", sendingdomain),
    }
    return render_page_or_fragment(request, "messaging/domain_detail.html", context, fragment="domain-panel")


@require_POST
@requires("messaging.check_domain", on=SendingDomain)
def domain_check(request: UserRequest, sendingdomain: SendingDomain) -> HttpResponse:
    checked = services.domain_check(domain=sendingdomain, by=request.user, now=clock.now())
    if checked.is_well:
        notes.success(request, _("DNS has everything that it needs."))
    return redirect("messaging:domain", sendingdomain.pk)


@require_POST
@requires("messaging.sign_domain", on=SendingDomain)
def domain_sign(request: UserRequest, sendingdomain: SendingDomain) -> HttpResponse:
    is_on = request.POST.get("on") == "1"
    try:
        services.domain_sign(domain=sendingdomain, on=is_on, by=request.user, now=clock.now())
    except services.DomainRefused as refusal:
        notes.error(request, str(refusal))
    return redirect("messaging:domain", sendingdomain.pk)


@require_POST
@requires("messaging.delete_domain", on=SendingDomain)
def domain_delete(request: UserRequest, sendingdomain: SendingDomain) -> HttpResponse:
    services.domain_delete(domain=sendingdomain, by=request.user, now=clock.now())
    notes.success(request, _("The domain is forgotten, and its key with it."))
    return redirect("messaging:domains")
