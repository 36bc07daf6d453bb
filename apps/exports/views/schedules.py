from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.contacts import selectors as contacts
from apps.core import clock
from apps.core.errors import DomainError, SavedSince
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Column, ListSpec
from apps.core.refusals import refuse
from apps.exports import feeds, forms, selectors, services
from apps.exports.destinations import destinations
from apps.exports.models import Kind, Schedule
from apps.exports.views.exports import columns_offered, kind_asked

LIST = ListSpec(
    columns=[
        Column(gettext_lazy("Schedule")),
        Column(gettext_lazy("How often")),
        Column(gettext_lazy("Where to")),
        Column(gettext_lazy("Last export")),
        Column(gettext_lazy("Next export")),
    ],
    default_sort="id",
    has_search=False,
)
LATEST = 10


@require_GET
@requires("exports.view_schedule")
def schedule_list(request: UserRequest) -> HttpResponse:
    context = {
        "listing": LIST.read(request.GET).page(selectors.schedules()),
        "may_add": request.user.has_perm("exports.add_schedule"),
        "places": destinations(),
    }
    return render_page_or_fragment(request, "exports/schedule_list.html", context, fragment="schedule-list")


@require_http_methods(["GET", "POST"])
@requires("exports.add_schedule")
def schedule_create(request: UserRequest) -> HttpResponse:
    kind = kind_asked(request.GET)
    form = _form(request, kind)
    if request.method == "POST" and form.is_valid():
        try:
            schedule = services.schedule_create(by=request.user, now=clock.now(), **form.given())
        except DomainError as refusal:
            refuse(form, refusal)
        else:
            return redirect("exports:schedule-detail", schedule.pk)
    return _form_page(request, form)


@require_http_methods(["GET", "POST"])
@requires("exports.change_schedule", on=Schedule)
def schedule_change(request: UserRequest, schedule: Schedule) -> HttpResponse:
    form = _form(request, schedule.kind, schedule=schedule)
    if request.method == "POST" and form.is_valid():
        try:
            services.schedule_change(
                schedule=schedule,
                by=request.user,
                now=clock.now(),
                seen_at=form.cleaned_data["seen_at"],
                **form.given(),
            )
        except SavedSince as stale:
            form.refuse_stale(stale)
        except DomainError as refusal:
            refuse(form, refusal)
        else:
            return redirect("exports:schedule-detail", schedule.pk)
    return _form_page(request, form, schedule=schedule)


def _form(request: UserRequest, kind: str, **about: Any) -> Any:
    form_class = forms.SCHEDULE_FORMS[Kind(kind)]
    return form_class(request.POST or None, kind=kind, known=columns_offered(request, kind), **about)


def _form_page(request: UserRequest, form: Any, schedule: Schedule | None = None) -> HttpResponse:
    context = {"form": form, "schedule": schedule, "kinds": Kind.choices, "places": destinations()}
    return render(request, "exports/schedule_form.html", context)


@require_GET
@requires("exports.view_schedule", on=Schedule)
def schedule_detail(request: UserRequest, schedule: Schedule) -> HttpResponse:
    context = {
        "schedule": schedule,
        "columns": selectors.columns_of(schedule),
        "latest": schedule.exports.select_related("by").order_by("-id")[:LATEST],
        "systems": contacts.systems_linked(feeds.SCHEDULE, schedule.pk, user=request.user),
        "may_change": request.user.has_perm("exports.change_schedule", schedule),
    }
    return render(request, "exports/schedule_detail.html", context)


@require_POST
@requires("exports.change_schedule", on=Schedule)
def schedule_run(request: UserRequest, schedule: Schedule) -> HttpResponse:
    try:
        export = services.schedule_run(schedule=schedule, by=request.user, now=clock.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("exports:schedule-detail", schedule.pk)
    return redirect("exports:detail", export.pk)


@require_POST
@requires("exports.delete_schedule", on=Schedule)
def schedule_delete(request: UserRequest, schedule: Schedule) -> HttpResponse:
    services.schedule_delete(schedule=schedule, by=request.user, now=clock.now())
    messages.success(request, _("“%(name)s” is no longer exported.") % {"name": schedule.name})
    return redirect("exports:schedule-list")
