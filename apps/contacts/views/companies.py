"""Companies: the list, the page of one with its people, and who belongs to it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.contacts import forms, selectors, services
from apps.contacts.models import Attribute, Company, CompanyMember, Role
from apps.contacts.selectors import CompanyAsk, Condition
from apps.contacts.values import AttributeInvalid
from apps.contacts.views.describing import record_form, record_save
from apps.contacts.views.narrowing import (
    AttributeListing,
    Raw,
    conditions_read,
    is_unsettled,
    settled,
    shown_read,
    where_askable,
)
from apps.core import clock
from apps.core.errors import DomainError
from apps.core.htmx import render_page_or_fragment, wants_fragment
from apps.core.lists import Column, Filter, Listing, ListQuery, ListSpec

SHOWN_FIRST = 3  # attributes that the list shows until somebody chooses others
FILTERS = [
    Filter(
        "people",
        gettext_lazy("People"),
        [("yes", gettext_lazy("With people")), ("no", gettext_lazy("Without people"))],
    ),
    Filter("role", gettext_lazy("Somebody is"), Role.choices),
]
ACTS = Column(gettext_lazy("Actions"), is_number=True)  # at the end of the line
PEOPLE = ListSpec(
    columns=[
        Column(gettext_lazy("Person")),
        Column(gettext_lazy("Part in the buying group")),
        Column(gettext_lazy("Since")),
    ],
    filters=[Filter("role", gettext_lazy("Part"), Role.choices)],
    default_sort="-id",
    size=20,
    has_search=False,
)


@require_GET
@requires("contacts.view_company")
def company_list(request: UserRequest) -> HttpResponse:
    if is_unsettled(request.GET):
        return redirect(f"{request.path}{settled(request.GET)}")
    dictionary = list(Attribute.of_companies.all())
    shown = shown_read(request.GET, dictionary, first=SHOWN_FIRST)
    asked = _list_spec(shown).read(request.GET)
    conditions = conditions_read(asked, dictionary)
    try:
        page = asked.page(selectors.companies_with_people(selectors.companies(_ask(asked, conditions))))
    except AttributeInvalid as refusal:
        messages.error(request, str(refusal))
        return redirect(f"{request.path}{asked.url(where=where_askable(conditions))}")
    listing = AttributeListing(**vars(page), shown=shown, dictionary=dictionary, conditions=conditions)
    context = {
        "listing": listing,
        "total": selectors.companies_total(),
        "may_add": request.user.has_perm("contacts.add_company"),
        "may_import": request.user.has_perm("contacts.add_import"),
    }
    return render_page_or_fragment(request, "contacts/company_list.html", context, fragment="company-list")


def _list_spec(shown: Sequence[Attribute]) -> ListSpec:
    return ListSpec(
        columns=[
            Column(gettext_lazy("Name"), sort="name"),
            *(Column(one.label, is_number=one.type in ("number", "money")) for one in shown),
            Column(gettext_lazy("People"), is_number=True),
            Column(gettext_lazy("Added"), sort="id", descends_first=True),
        ],
        filters=FILTERS,
        default_sort="name",
        search_hint=gettext_lazy("Name, domain, or crm:4711"),
    )


def _ask(asked: ListQuery, conditions: Sequence[tuple[Condition, Raw]]) -> CompanyAsk:
    return CompanyAsk(
        search=asked.search,
        conditions=[condition for condition, _raw in conditions],
        has_people={"yes": True, "no": False}.get(asked.values.get("people", "")),
        role=asked.values.get("role", ""),
    )


@require_GET
@requires("contacts.view_company", on=Company)
def company_detail(request: UserRequest, company: Company) -> HttpResponse:
    return _company_page(request, company)


def _company_page(
    request: UserRequest, company: Company, *, member_form: forms.NewMemberForm | None = None
) -> HttpResponse:
    user = request.user
    context: dict[str, Any] = {
        "company": company,
        "people": selectors.company_people_count(company),
        "listing": _people(request, company),
        "member_form": member_form or forms.NewMemberForm(),
        "may_change": user.has_perm("contacts.change_company", company),
        "may_delete": user.has_perm("contacts.delete_company", company),
    }
    if not wants_fragment(request):
        context |= {
            "profile": selectors.company_profile(company),
            "entries": selectors.company_timeline(company),
        }
    return render_page_or_fragment(
        request, "contacts/company_detail.html", context, fragment="company-people"
    )


def _people(request: UserRequest, company: Company) -> Listing[CompanyMember]:
    may_change = request.user.has_perm("contacts.change_company", company)
    spec = replace(PEOPLE, columns=[*PEOPLE.columns, ACTS]) if may_change else PEOPLE
    asked = spec.read(request.GET)
    found = selectors.company_people(company)
    if role := asked.values.get("role"):
        found = found.filter(role=role)
    return asked.page(found)


@require_http_methods(["GET", "POST"])
@requires("contacts.add_company")
def company_create(request: UserRequest) -> HttpResponse:
    form = forms.CompanyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        told = {"name": form.cleaned_data["name"], **form.changes()}  # sent as if unchanged, too
        company = record_save(form, lambda: services.company_create(**told, by=request.user, now=clock.now()))
        if company:
            messages.success(request, _("“%(name)s” is added.") % {"name": company.name})
            return redirect("contacts:company-detail", company.pk)
    return record_form(request, form, template="contacts/company_form.html")


@require_http_methods(["GET", "POST"])
@requires("contacts.change_company", on=Company)
def company_change(request: UserRequest, company: Company) -> HttpResponse:
    form = forms.CompanyForm(request.POST or None, record=company)
    if request.method == "POST" and form.is_valid():
        told = {**form.changes(), "seen": form.seen()}
        saved = record_save(
            form,
            lambda: services.company_update(company=company, **told, by=request.user, now=clock.now()),
            record=company,
        )
        if saved:
            messages.success(request, _("Saved."))
            return redirect("contacts:company-detail", company.pk)
    return record_form(request, form, template="contacts/company_form.html", record=company)


@require_POST
@requires("contacts.delete_company", on=Company)
def company_delete(request: UserRequest, company: Company) -> HttpResponse:
    services.company_delete(company=company, by=request.user, now=clock.now())
    messages.success(request, _("“%(name)s” is deleted. Its people are still contacts.") % {"name": company})
    return redirect("contacts:company-list")


@require_http_methods(["GET", "POST"])
@requires("contacts.change_company", on=Company)
def company_member_add(request: UserRequest, company: Company) -> HttpResponse:
    if request.method == "GET":  # a link of the page that a refused form is shown on
        return redirect(f"{reverse('contacts:company-detail', args=[company.pk])}?{request.GET.urlencode()}")
    form = forms.NewMemberForm(request.POST)
    if form.is_valid():
        told = form.cleaned_data
        contact = told.pop("person")
        try:
            services.member_add(company=company, contact=contact, **told, by=request.user, now=clock.now())
        except DomainError as refusal:
            form.add_error("person", str(refusal))
        else:
            messages.success(request, _("They belong to “%(name)s” now.") % {"name": company.name})
            return redirect("contacts:company-detail", company.pk)
    return _company_page(request, company, member_form=form)


@require_http_methods(["GET", "POST"])
@requires("contacts.change_company", on=CompanyMember)
def company_member_change(request: UserRequest, companymember: CompanyMember) -> HttpResponse:
    member = companymember
    form = forms.MemberForm(request.POST or None, initial=forms.MemberForm.initial_of(member))
    if request.method == "POST" and form.is_valid():
        try:
            services.member_update(member=member, **form.cleaned_data, by=request.user, now=clock.now())
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved."))
            return redirect("contacts:company-detail", member.company_id)
    return render(request, "contacts/company_member_form.html", {"form": form, "member": member})


@require_POST
@requires("contacts.change_company", on=CompanyMember)
def company_member_remove(request: UserRequest, companymember: CompanyMember) -> HttpResponse:
    services.member_remove(member=companymember, by=request.user, now=clock.now())
    messages.success(request, _("They no longer belong to this company."))
    return redirect("contacts:company-detail", companymember.company_id)
