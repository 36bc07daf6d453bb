from dataclasses import replace

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.core import clock
from apps.core.errors import DomainError, SavedSince
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Column, Filter, ListSpec
from apps.usecases import selectors, services
from apps.usecases.forms import PartForm, UseCaseChangeForm, UseCaseForm
from apps.usecases.models import Part, UseCase
from apps.usecases.selectors import Stage

LIST = ListSpec(
    columns=[
        Column(gettext_lazy("Use case"), sort="name"),
        Column(gettext_lazy("Why")),
        Column(gettext_lazy("Data")),
        Column(gettext_lazy("Delivery")),
        Column(gettext_lazy("Report")),
        Column(gettext_lazy("Priority"), sort="rank"),
    ],
    filters=[
        Filter("stage", gettext_lazy("Stuck at"), Stage.choices),
        Filter("status", gettext_lazy("Status"), UseCase.Status.choices),
        Filter("priority", gettext_lazy("Priority"), UseCase.Priority.choices),
    ],
    default_sort="rank",
    search_hint=gettext_lazy("Search by name or outcome"),
)


@require_GET
@requires("usecases.view_usecase")
def use_case_list(request: UserRequest) -> HttpResponse:
    now = clock.now()
    owner = Filter("owner", gettext_lazy("Owner"), selectors.owners())
    asked = replace(LIST, filters=[*LIST.filters, owner]).read(request.GET)
    plain = {name: value for name, value in asked.values.items() if name != "stage"}
    found = selectors.use_cases(search=asked.search).filter(**plain)
    if stage := asked.values.get("stage"):
        found = found.filter(pk__in=selectors.use_cases_at(stage, now=now))
    listing = asked.page(found)
    context = {
        "listing": listing,
        "lines": selectors.use_cases_now(listing.rows, user=request.user, now=now),
        "may_add": request.user.has_perm("usecases.add_usecase"),
    }
    return render_page_or_fragment(request, "usecases/use_case_list.html", context, fragment="use-case-list")


@require_GET
@requires("usecases.view_usecase", on=UseCase)
def use_case_detail(request: UserRequest, usecase: UseCase) -> HttpResponse:
    return _use_case_page(request, usecase)


def _use_case_page(
    request: UserRequest, use_case: UseCase, *, refused: PartForm | None = None
) -> HttpResponse:
    user = request.user
    (now_of,) = selectors.use_cases_now([use_case], user=user, now=clock.now())
    may_change = user.has_perm("usecases.change_usecase", use_case)
    parts = [one.part for step in now_of.steps for one in step.parts]
    forms = {
        step.value: PartForm(step=step, groups=selectors.things_offered(step, user=user, but=parts))
        for step in Part.Step
        if may_change
    }
    if refused is not None:
        forms[refused["step"].value()] = refused
    context = {
        "use_case": use_case,
        "stuck": now_of.stuck,
        "steps": [(step, forms.get(step.key)) for step in now_of.steps],
        "may_change": may_change,
        "may_delete": user.has_perm("usecases.delete_usecase", use_case),
    }
    return render(request, "usecases/use_case_detail.html", context)


@require_http_methods(["GET", "POST"])
@requires("usecases.add_usecase")
def use_case_create(request: UserRequest) -> HttpResponse:
    form = UseCaseForm(request.POST or None, initial={"owner": request.user.pk})
    if request.method == "POST" and form.is_valid():
        try:
            use_case = services.use_case_create(**form.cleaned_data, by=request.user, now=clock.now())
        except ValidationError as refusal:
            _refuse(form, refusal)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Now say which data it needs."))
            return redirect("usecases:detail", use_case.pk)
    return render(request, "usecases/use_case_form.html", {"form": form})


@require_http_methods(["GET", "POST"])
@requires("usecases.change_usecase", on=UseCase)
def use_case_change(request: UserRequest, usecase: UseCase) -> HttpResponse:
    form = UseCaseChangeForm(request.POST or None, initial=UseCaseChangeForm.initial_of(usecase))
    if request.method == "POST" and form.is_valid():
        try:
            services.use_case_update(use_case=usecase, **form.cleaned_data, by=request.user, now=clock.now())
        except ValidationError as refusal:
            _refuse(form, refusal)
        except SavedSince as stale:
            form.refuse_stale(stale)
        else:
            messages.success(request, _("Saved."))
            return redirect("usecases:detail", usecase.pk)
    return render(request, "usecases/use_case_form.html", {"form": form, "use_case": usecase})


@require_POST
@requires("usecases.delete_usecase", on=UseCase)
def use_case_delete(request: UserRequest, usecase: UseCase) -> HttpResponse:
    services.use_case_delete(use_case=usecase, by=request.user, now=clock.now())
    messages.success(request, _("“%(name)s” is deleted.") % {"name": usecase.name})
    return redirect("usecases:list")


@require_POST
@requires("usecases.change_usecase", on=UseCase)
def part_add(request: UserRequest, usecase: UseCase) -> HttpResponse:
    told = request.POST.get("step", "")
    step = Part.Step(told) if told in Part.Step else Part.Step.DATA
    groups = selectors.things_offered(step, user=request.user, but=[])
    form = PartForm(request.POST, step=step, groups=groups)
    if form.is_valid():
        try:
            services.part_add(use_case=usecase, step=step, **form.part(), by=request.user, now=clock.now())
        except ValidationError as refusal:
            _refuse(form, refusal)
        except DomainError as refusal:
            told = {"kind": "thing", "object_id": "thing"}.get(refusal.field, refusal.field)
            form.add_error(told if told in form.fields else None, str(refusal))
        else:
            return redirect("usecases:detail", usecase.pk)
    return _use_case_page(request, usecase, refused=form)


@require_POST
@requires("usecases.change_usecase", on=Part)
def part_remove(request: UserRequest, part: Part) -> HttpResponse:
    services.part_remove(part=part, by=request.user, now=clock.now())
    return redirect("usecases:detail", part.use_case_id)


def _refuse(form: UseCaseForm | PartForm, refusal: ValidationError) -> None:
    for name, reasons in refusal.message_dict.items():
        for reason in reasons:
            form.add_error(name if name in form.fields else None, reason)
