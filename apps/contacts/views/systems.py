"""The register of systems: the list, the page of one, and what it is linked to."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.contacts import forms, selectors, services
from apps.contacts.models import System, SystemLink
from apps.core import clock
from apps.core.errors import DomainError, SavedSince
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Column, Filter, ListSpec

LIST = ListSpec(
    columns=[
        Column(gettext_lazy("System"), sort="name"),
        Column(gettext_lazy("Direction")),
        Column(gettext_lazy("Owner")),
        Column(gettext_lazy("How often")),
        Column(gettext_lazy("Last sync"), sort="sync_at", descends_first=True),
        Column(gettext_lazy("Personal data")),
    ],
    filters=[
        Filter(
            "state",
            gettext_lazy("Sync"),
            [
                (selectors.OVERDUE, gettext_lazy("Overdue")),
                (selectors.IN_STEP, gettext_lazy("In step")),
                (selectors.UNKNOWN, gettext_lazy("Not known")),
            ],
        ),
        Filter("kind", gettext_lazy("Kind"), System.Kind.choices),
        Filter("direction", gettext_lazy("Direction"), System.Direction.choices),
        Filter("sensitivity", gettext_lazy("Personal data"), System.Sensitivity.choices),
    ],
    default_sort="name",
    search_hint=gettext_lazy("Search by name or what it holds"),
)


@require_GET
@requires("contacts.view_system")
def system_list(request: UserRequest) -> HttpResponse:
    asked = LIST.read(request.GET)
    fields = {name: value for name, value in asked.values.items() if name != "state"}
    found = selectors.systems(
        now=clock.now(), search=asked.search, state=asked.values.get("state", "")
    ).filter(**fields)
    context = {"listing": asked.page(found), "may_add": request.user.has_perm("contacts.add_system")}
    return render_page_or_fragment(request, "contacts/system_list.html", context, fragment="system-list")


@require_GET
@requires("contacts.view_system", on=System)
def system_detail(request: UserRequest, system: System) -> HttpResponse:
    return _system_page(request, system)


def _system_page(request: UserRequest, system: System, refusal: DomainError | None = None) -> HttpResponse:
    now, user = clock.now(), request.user
    may_change = user.has_perm("contacts.change_system", system)
    attributes = list(selectors.system_attributes(system)[: selectors.SYSTEM_ATTRIBUTES_SHOWN + 1])
    context = {
        "system": get_object_or_404(selectors.systems(now=now), pk=system.pk),
        "links": selectors.system_links(system, user=user, now=now),
        "linkable": selectors.linkable(system, user=user) if may_change else [],
        "attributes": attributes[: selectors.SYSTEM_ATTRIBUTES_SHOWN],
        "has_more_attributes": len(attributes) > selectors.SYSTEM_ATTRIBUTES_SHOWN,
        "is_namespace": selectors.identifier_is_namespace(system.identifier),
        "refusal": refusal,
        "may_change": may_change,
        "may_delete": user.has_perm("contacts.delete_system", system),
    }
    return render_page_or_fragment(request, "contacts/system_detail.html", context, fragment="system-links")


@require_http_methods(["GET", "POST"])
@requires("contacts.add_system")
def system_create(request: UserRequest) -> HttpResponse:
    initial = {"name": request.GET.get("name", "")[:100], "owner": request.user.pk}
    form = forms.SystemForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            system = services.system_create(**form.cleaned_data, by=request.user, now=clock.now())
        except ValidationError as refusal:
            _refuse(form, refusal)
        else:
            messages.success(request, _("“%(name)s” is in the register.") % {"name": system.name})
            return redirect("contacts:system-detail", system.pk)
    return render(request, "contacts/system_form.html", {"form": form})


@require_http_methods(["GET", "POST"])
@requires("contacts.change_system", on=System)
def system_change(request: UserRequest, system: System) -> HttpResponse:
    form = forms.SystemChangeForm(
        request.POST or None,
        initial=forms.SystemChangeForm.initial_of(system),
        is_linked=selectors.system_is_linked(system),
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.system_update(system=system, **form.cleaned_data, by=request.user, now=clock.now())
        except ValidationError as refusal:
            _refuse(form, refusal)
        except SavedSince as stale:
            form.refuse_stale(stale)
        except DomainError as refusal:  # linked, since the form was opened
            form.add_error(refusal.field or None, str(refusal))
        else:
            messages.success(request, _("Saved."))
            return redirect("contacts:system-detail", system.pk)
    return render(request, "contacts/system_form.html", {"form": form, "system": system})


@require_POST
@requires("contacts.delete_system", on=System)
def system_delete(request: UserRequest, system: System) -> HttpResponse:
    try:
        services.system_delete(system=system, by=request.user, now=clock.now())
    except DomainError as refusal:
        return _system_page(request, system, refusal)
    messages.success(request, _("“%(name)s” is out of the register.") % {"name": system.name})
    return redirect("contacts:system-list")


@require_POST
@requires("contacts.change_system", on=System)
def system_link(request: UserRequest, system: System) -> HttpResponse:
    """Link it to a thing, told as `source:3`."""
    kind, _colon, number = request.POST.get("thing", "").partition(":")
    object_id = int(number) if number.isdecimal() and len(number) < 18 else -1
    try:
        services.system_link(system=system, kind=kind, object_id=object_id, by=request.user, now=clock.now())
    except DomainError as refusal:
        return _system_page(request, system, refusal)
    return redirect("contacts:system-detail", system.pk)


@require_POST
@requires("contacts.change_system", on=SystemLink)
def system_unlink(request: UserRequest, systemlink: SystemLink) -> HttpResponse:
    services.system_unlink(link=systemlink, by=request.user, now=clock.now())
    return redirect("contacts:system-detail", systemlink.system_id)


def _refuse(form: forms.SystemForm, refusal: ValidationError) -> None:
    for name, reasons in refusal.message_dict.items():
        for reason in reasons:
            form.add_error(name if name in form.fields else None, reason)
