"""The organisation's working days: what plans are counted in."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.http import UserRequest, requires
from apps.campaigns import forms, services
from apps.campaigns.models import Holiday, WorkWeek
from apps.campaigns.views.frame import done_or_told
from apps.core import clock
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import ListSpec

LIST = ListSpec(columns=[], default_sort="date", has_search=False)


@require_GET
@requires("campaigns.view_holiday")
def holiday_list(request: UserRequest) -> HttpResponse:
    return _page(request)


@require_POST
@requires("campaigns.add_holiday")
def holiday_add(request: UserRequest) -> HttpResponse:
    form = forms.HolidayAdd(request.POST)
    if form.is_valid():
        said, now = form.cleaned_data, clock.now()
        if forms.attempt(form, lambda: services.holiday_add(by=request.user, now=now, **said)):
            messages.success(request, _("The day has been added. Plans count by it from their next move on."))
            return redirect("campaigns:holidays")
    return _page(request, add=form)


@require_POST
@requires("campaigns.add_holiday")
def holidays_import(request: UserRequest) -> HttpResponse:
    form = forms.HolidaysImport(request.POST)
    if form.is_valid():
        text, now = form.cleaned_data["text"], clock.now()
        made = forms.attempt(
            form,
            lambda: services.holidays_import(days=services.days_read(text), by=request.user, now=now),
        )
        if made is not None:
            told = ngettext("%(n)s day has been added.", "%(n)s days have been added.", len(made))
            messages.success(request, told % {"n": len(made)})
            return redirect("campaigns:holidays")
    return _page(request, many=form)


@require_POST
@requires("campaigns.delete_holiday", on=Holiday)
def holiday_remove(request: UserRequest, holiday: Holiday) -> HttpResponse:
    now = clock.now()
    if done_or_told(request, lambda: services.holiday_remove(holiday=holiday, by=request.user, now=now)):
        messages.success(request, _("“%(name)s” is a working day again.") % {"name": holiday.name})
    return redirect("campaigns:holidays")


@require_POST
@requires("campaigns.change_workweek")
def work_week_set(request: UserRequest) -> HttpResponse:
    form = forms.WeekEdit(request.POST)
    if form.is_valid():
        weekend, seen, now = form.cleaned_data["weekend"], form.seen, clock.now()
        if forms.attempt(
            form, lambda: services.work_week_set(weekend=weekend, by=request.user, now=now, seen=seen)
        ):
            messages.success(request, _("Saved."))
            return redirect("campaigns:holidays")
    return _page(request, week=form)


def _page(
    request: UserRequest,
    *,
    add: forms.HolidayAdd | None = None,
    many: forms.HolidaysImport | None = None,
    week: forms.WeekEdit | None = None,
) -> HttpResponse:
    may_change = request.user.has_perm("campaigns.change_holiday")
    current = WorkWeek.objects.current()
    context = {
        "listing": LIST.read(request.GET).page(Holiday.objects.all()),
        "free_days": [WorkWeek.Weekday(day).label for day in current.weekend],
        "add": (add or forms.HolidayAdd()) if may_change else None,
        "many": many or forms.HolidaysImport(),
        "week": week or forms.WeekEdit(initial=forms.initial_of(current, ["weekend"])),
        "may_change": may_change,
    }
    return render_page_or_fragment(request, "campaigns/holiday_list.html", context, fragment="holidays")
