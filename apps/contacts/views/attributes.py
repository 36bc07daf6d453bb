from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.contacts import forms, selectors, services
from apps.contacts.attributes import key_suggest
from apps.contacts.models import Attribute
from apps.core import clock
from apps.core.downloads import csv_download, xlsx_download
from apps.core.errors import DomainError, SavedSince
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Column, Filter, ListQuery, ListSpec

LIST = ListSpec(
    columns=[
        Column(gettext_lazy("Business name"), sort="label"),
        Column(gettext_lazy("System name"), sort="key"),
        Column(gettext_lazy("Type")),
        Column(gettext_lazy("Coverage"), is_number=True),
        Column(gettext_lazy("Owner")),
    ],
    filters=[
        Filter("about", gettext_lazy("About"), Attribute.Subject.choices),
        Filter("type", gettext_lazy("Type"), Attribute.Type.choices),
        Filter(
            "described",
            gettext_lazy("Described"),
            [("yes", gettext_lazy("Described")), ("no", gettext_lazy("To be described"))],
        ),
        Filter(
            "values",
            gettext_lazy("Values"),
            [("computed", gettext_lazy("Computed")), ("written", gettext_lazy("Written"))],
        ),
    ],
    default_sort="label",
    search_hint=gettext_lazy("Search by name"),
    csv_url="/dictionary/csv/",
    xlsx_url="/dictionary/xlsx/",
)
CSV_HEADS = [
    gettext_lazy("Business name"),
    gettext_lazy("System name"),
    gettext_lazy("About"),
    gettext_lazy("Type"),
    gettext_lazy("Choices"),
    gettext_lazy("Definition"),
    gettext_lazy("Owner"),
    gettext_lazy("Source system"),
    gettext_lazy("Sensitivity"),
    gettext_lazy("Uses"),
    gettext_lazy("Indexed"),
    gettext_lazy("Described"),
    gettext_lazy("Computed"),
    gettext_lazy("Coverage"),
]


@require_GET
@requires("contacts.view_attribute")
def attribute_list(request: UserRequest) -> HttpResponse:
    asked = LIST.read(request.GET)
    listing = asked.page(_found(asked))
    is_undescribed = asked.values.get("described") == "no"
    may_change = request.user.has_perm("contacts.change_attribute")
    context = {
        "listing": listing,
        "coverage": selectors.coverage_of(listing.rows),
        "undescribed": 0 if is_undescribed else selectors.attributes(is_defined=False).count(),
        "may_add": request.user.has_perm("contacts.add_attribute"),
        "may_tidy": is_undescribed and may_change,
        "may_remove": request.user.has_perm("contacts.delete_attribute"),
    }
    return render_page_or_fragment(
        request, "contacts/attribute_list.html", context, fragment="attribute-list"
    )


@require_GET
@requires("contacts.view_attribute")
def attribute_csv(request: UserRequest) -> HttpResponseBase:
    """What the list shows and what each page says of an entry, as CSV."""
    return csv_download("dictionary", CSV_HEADS, _lines(request))


@require_GET
@requires("contacts.view_attribute")
def attribute_xlsx(request: UserRequest) -> HttpResponse:
    """The same as a workbook."""
    return xlsx_download("dictionary", CSV_HEADS, _lines(request))


def _lines(request: UserRequest) -> Iterator[list[object]]:
    entries = list(_found(LIST.read(request.GET)).order_by("applies_to", "label", "pk"))
    shares = selectors.coverage_of(entries)
    return (_cells(entry, shares[entry.pk]) for entry in entries)


def _found(asked: ListQuery) -> QuerySet[Attribute]:
    return selectors.attributes(
        search=asked.search,
        type_=asked.values.get("type", ""),
        is_defined={"yes": True, "no": False}.get(asked.values.get("described", "")),
        applies_to=asked.values.get("about", ""),
        is_computed={"computed": True, "written": False}.get(asked.values.get("values", "")),
    )


def _cells(entry: Attribute, share: float | None) -> list[object]:
    def said(is_so: bool) -> str:
        return _("yes") if is_so else _("no")

    return [
        entry.label,
        entry.key,
        entry.get_applies_to_display(),
        entry.get_type_display(),
        "; ".join(entry.choices),
        entry.definition,
        str(entry.owner or ""),
        entry.source,
        entry.get_sensitivity_display(),
        "; ".join(entry.uses_labels),
        said(entry.is_indexed),
        said(entry.is_defined),
        said(entry.is_computed),
        "" if share is None else f"{share:.1%}",
    ]


@require_http_methods(["GET", "POST"])
@requires("contacts.add_attribute")
def attribute_create(request: UserRequest) -> HttpResponse:
    about = request.GET.get("about", "")
    initial = {"applies_to": about} if about in Attribute.Subject else {}
    form = forms.AttributeForm(request.POST or None, initial=initial)
    names = [form[name].value() or "" for name in ("key", "label", "applies_to")]
    alike = _alike(*names) if form.is_bound else []
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        if alike and not told["is_other"]:
            form.add_error("is_other", _("Look at these first. If yours means something else, say so."))
        else:
            given = {name: value for name, value in told.items() if name != "is_other"}
            if attribute := _create(request, form, given):
                messages.success(request, _("“%(name)s” is in the dictionary.") % {"name": attribute.label})
                return redirect("contacts:attribute-detail", attribute.pk)
    return render(request, "contacts/attribute_create.html", {"form": form, "alike": alike})


def _alike(key: str, label: str, applies_to: str) -> Sequence[Attribute]:
    subject = applies_to if applies_to in Attribute.Subject else Attribute.Subject.CONTACT
    return selectors.attributes_alike(key[:63], label=label[:100], applies_to=str(subject))


def _create(request: UserRequest, form: forms.AttributeForm, given: dict[str, Any]) -> Attribute | None:
    try:
        return services.attribute_create(**given, by=request.user, now=clock.now())
    except ValidationError as refusal:
        _refuse(form, refusal)
    return None


def _refuse(form: forms.AttributeChangeForm, refusal: ValidationError) -> None:
    for name, reasons in refusal.message_dict.items():
        for reason in reasons:
            form.add_error(name if name in form.fields else None, reason)


@require_GET
@requires("contacts.add_attribute")
def attribute_alike(request: UserRequest) -> HttpResponse:
    """While a name is typed: a system name for it, and what there is that may mean the same."""
    key, label = request.GET.get("key", ""), request.GET.get("label", "")
    context = {
        "alike": _alike(key or key_suggest(label), label, request.GET.get("applies_to", "")),
        "suggested": key_suggest(label) if label else "",
    }
    return render(request, "contacts/_attribute_alike.html", context)


@require_GET
@requires("contacts.view_attribute", on=Attribute)
def attribute_detail(request: UserRequest, attribute: Attribute) -> HttpResponse:
    return _attribute_page(request, attribute)


@require_http_methods(["GET", "POST"])
@requires("contacts.change_attribute", on=Attribute)
def attribute_change(request: UserRequest, attribute: Attribute) -> HttpResponse:
    form = forms.AttributeChangeForm(
        request.POST or None, initial=forms.AttributeChangeForm.initial_of(attribute)
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.attribute_update(
                attribute=attribute, **form.cleaned_data, by=request.user, now=clock.now()
            )
        except ValidationError as refusal:
            _refuse(form, refusal)
        except SavedSince as stale:
            form.refuse_stale(stale)
        else:
            messages.success(request, _("Saved."))
            return redirect("contacts:attribute-detail", attribute.pk)
    context = {"form": form, "attribute": attribute, "alike": _alike_of(attribute)}
    return render(request, "contacts/attribute_edit.html", context)


def _alike_of(attribute: Attribute) -> Sequence[Attribute]:
    """Return what may mean the same as an entry that came by itself; of the others somebody has decided."""
    if attribute.is_defined:
        return []
    return selectors.attributes_alike(
        attribute.key, label=attribute.label, but=attribute, applies_to=attribute.applies_to
    )


@require_POST
@requires("contacts.change_attribute", on=Attribute)
def attribute_index_again(request: UserRequest, attribute: Attribute) -> HttpResponse:
    try:
        services.attribute_index_again(attribute=attribute, by=request.user, now=clock.now())
    except DomainError as refusal:
        return _attribute_page(request, attribute, refusal)
    messages.success(request, _("A worker tries again in a moment."))
    return redirect("contacts:attribute-detail", attribute.pk)


@require_POST
@requires("contacts.delete_attribute", on=Attribute)
def attribute_delete(request: UserRequest, attribute: Attribute) -> HttpResponse:
    try:
        services.attribute_delete(attribute=attribute, by=request.user, now=clock.now())
    except DomainError as refusal:
        return _attribute_page(request, attribute, refusal)
    messages.success(request, _("“%(name)s” is taken away.") % {"name": attribute.label})
    return redirect("contacts:attribute-list")


def _attribute_page(
    request: UserRequest, attribute: Attribute, refusal: DomainError | None = None
) -> HttpResponse:
    context = {
        "attribute": attribute,
        "system": selectors.system_named(attribute.source),
        "places": services.attribute_places(attribute, user=request.user),
        "share": selectors.coverage_of([attribute])[attribute.pk],
        "progress": selectors.index_progress(attribute),
        "refusal": refusal,
        "has_misfits_rule": attribute.applies_to == Attribute.Subject.CONTACT,
        "may_change": request.user.has_perm("contacts.change_attribute", attribute),
        "may_delete": request.user.has_perm("contacts.delete_attribute", attribute),
    }
    return render_page_or_fragment(
        request, "contacts/attribute_detail.html", context, fragment="attribute-index"
    )
