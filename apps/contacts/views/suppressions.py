from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.contacts import addresslists, forms, selectors, services
from apps.contacts.models import Channel, Suppression
from apps.core import clock
from apps.core.errors import DomainError
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Column, Filter, ListSpec

LIST = ListSpec(
    columns=[
        Column(gettext_lazy("Suppressed")),
        Column(gettext_lazy("Never written to by")),
        Column(gettext_lazy("Because")),
        Column(gettext_lazy("Where from")),
        Column(gettext_lazy("By")),
    ],
    filters=[
        Filter("reason", gettext_lazy("Because"), Suppression.Reason.choices),
        Filter("channel", gettext_lazy("Channel"), Channel.choices),
    ],
    default_sort="-id",
    search_hint=gettext_lazy("A whole address"),
)


@require_GET
@requires("contacts.view_suppression")
def suppression_list(request: UserRequest) -> HttpResponse:
    asked = LIST.read(request.GET)
    found = selectors.suppressions(address=asked.search).filter(**asked.values).select_related("by")
    context = {
        "listing": asked.page(found),
        "is_address": selectors.address_is_whole(asked.search),
        "may_add": request.user.has_perm("contacts.add_suppression"),
    }
    return render_page_or_fragment(
        request, "contacts/suppression_list.html", context, fragment="suppression-list"
    )


@require_http_methods(["GET", "POST"])
@requires("contacts.add_suppression")
def suppression_add(request: UserRequest) -> HttpResponse:
    """One address, a pasted list or a file; what became of the rows is told on the same page."""
    form, counts = forms.SuppressForm(request.POST or None, request.FILES or None), None
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            counts = services.suppressions_import(
                rows=_rows(form),
                channel=Channel(told["channel"]),
                source=told["source"],
                by=request.user,
                now=clock.now(),
            )
        except DomainError as refusal:
            form.add_error("file" if told["file"] else "addresses", str(refusal))
        else:
            form = forms.SuppressForm(initial={"channel": told["channel"], "source": told["source"]})
    return render(request, "contacts/suppression_add.html", {"form": form, "counts": counts})


def _rows(form: forms.SuppressForm) -> Iterable[addresslists.Row]:
    told = form.cleaned_data
    if told["file"]:
        return addresslists.rows_of_file(told["file"].file, channel=Channel(told["channel"]))
    return addresslists.rows_of_text(told["addresses"])


@require_GET
@requires("contacts.view_suppression", on=Suppression)
def suppression_detail(request: UserRequest, suppression: Suppression) -> HttpResponse:
    return _page(request, suppression, forms.LiftForm())


@require_POST
@requires("contacts.delete_suppression", on=Suppression)
def suppression_lift(request: UserRequest, suppression: Suppression) -> HttpResponse:
    form = forms.LiftForm(request.POST)
    if form.is_valid():
        try:
            services.suppression_lift(
                suppression=suppression, why=form.cleaned_data["why"], by=request.user, now=clock.now()
            )
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("This address may be written to again, once it says yes."))
            return redirect("contacts:suppression-list")
    return _page(request, suppression, form)


def _page(request: UserRequest, suppression: Suppression, form: forms.LiftForm) -> HttpResponse:
    context = {
        "suppression": suppression,
        "form": form,
        "may_lift": request.user.has_perm("contacts.delete_suppression", suppression),
    }
    return render(request, "contacts/suppression_detail.html", context)
