"""The strategy: the goals of a year, the campaigns that serve them, and what is left alone."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.campaigns import forms, selectors, services
from apps.campaigns.models import NotDoing, YearGoal
from apps.campaigns.views.frame import done_or_told
from apps.core import clock
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Column, ListSpec

CAMPAIGNS = ListSpec(
    columns=[
        Column(_l("Campaign"), sort="name"),
        Column(_l("Stage")),
        Column(_l("Captain")),
        Column(_l("Outcome")),
        Column(_l("Changed"), sort="updated_at", descends_first=True),
    ],
    default_sort="-updated_at",
    has_search=False,
    size=25,
)


def _year(told: QueryDict, this: int) -> int:
    text = told.get("year", "")
    is_year = text.isascii() and text.isdigit() and len(text) == 4
    return int(text) if is_year and 2000 <= int(text) <= 2100 else this


def _strategy_url(year: int) -> str:
    return f"{reverse('campaigns:strategy')}?year={year}"


@require_GET
@requires("campaigns.view_yeargoal")
def strategy(request: UserRequest) -> HttpResponse:
    today = clock.now().date()
    year = _year(request.GET, today.year)
    entries = list(selectors.not_doing(year))
    spite = selectors.in_spite_of(request.user, entries, year)
    asked = CAMPAIGNS.read(request.GET)
    context = {
        "year": year,
        "years": [(one, f"?year={one}") for one in selectors.strategy_years(today=today)],
        "create_url": f"{reverse('campaigns:year_goal_create')}?year={year}",
        "lines": selectors.goal_lines(request.user, year),
        "not_doing": [(entry, spite.get(entry.kind, []) if entry.kind else []) for entry in entries],
        "listing": asked.page(selectors.unaligned(request.user, year, today=today)),
        "may_change": request.user.has_perm("campaigns.change_yeargoal"),
    }
    return render_page_or_fragment(request, "campaigns/strategy.html", context, fragment="unaligned-list")


@require_GET
@requires("campaigns.view_yeargoal", on=YearGoal)
def year_goal_detail(request: UserRequest, yeargoal: YearGoal) -> HttpResponse:
    asked = CAMPAIGNS.read(request.GET)
    context = {
        "goal": yeargoal,
        "listing": asked.page(selectors.goal_campaigns(request.user, yeargoal)),
        "may_change": request.user.has_perm("campaigns.change_yeargoal", yeargoal),
    }
    return render_page_or_fragment(
        request, "campaigns/year_goal_detail.html", context, fragment="goal-campaigns"
    )


@require_http_methods(["GET", "POST"])
@requires("campaigns.add_yeargoal")
def year_goal_create(request: UserRequest) -> HttpResponse:
    now = clock.now()
    year = _year(request.GET, now.year)
    form = forms.YearGoalEdit(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        fields = form.fields_cleaned
        if forms.attempt(form, lambda: services.year_goal_add(year=year, by=request.user, now=now, **fields)):
            messages.success(request, _("The goal has been added."))
            return redirect(_strategy_url(year))
    return _goal_form(request, form, year=year)


@require_http_methods(["GET", "POST"])
@requires("campaigns.change_yeargoal", on=YearGoal)
def year_goal_update(request: UserRequest, yeargoal: YearGoal) -> HttpResponse:
    names = [name for name in forms.YearGoalEdit.base_fields if name != "version"]
    data = request.POST if request.method == "POST" else None
    initial = forms.initial_of(yeargoal, names)
    form = forms.YearGoalEdit(data, initial=initial, owner=yeargoal.owner_id)
    if request.method == "POST" and form.is_valid():
        fields, seen, now = form.fields_cleaned, form.seen, clock.now()
        if forms.attempt(
            form,
            lambda: services.year_goal_update(goal=yeargoal, by=request.user, now=now, seen=seen, **fields),
        ):
            messages.success(request, _("Saved."))
            return redirect(_strategy_url(yeargoal.year))
    return _goal_form(request, form, year=yeargoal.year, goal=yeargoal)


@require_POST
@requires("campaigns.change_yeargoal", on=YearGoal)
def year_goal_move(request: UserRequest, yeargoal: YearGoal) -> HttpResponse:
    form = forms.YearGoalMove(request.POST)
    if form.is_valid():
        position, now = form.cleaned_data["position"], clock.now()
        services.year_goal_move(goal=yeargoal, position=position, by=request.user, now=now)
    return redirect(_strategy_url(yeargoal.year))


@require_POST
@requires("campaigns.delete_yeargoal", on=YearGoal)
def year_goal_remove(request: UserRequest, yeargoal: YearGoal) -> HttpResponse:
    left = services.year_goal_remove(goal=yeargoal, by=request.user, now=clock.now())
    told = ngettext(
        "The goal is gone. %(n)s campaign stands without one.",
        "The goal is gone. %(n)s campaigns stand without one.",
        left,
    )
    messages.success(request, told % {"n": left} if left else _("The goal is gone."))
    return redirect(_strategy_url(yeargoal.year))


@require_http_methods(["GET", "POST"])
@requires("campaigns.add_notdoing")
def not_doing_create(request: UserRequest) -> HttpResponse:
    now = clock.now()
    year = _year(request.GET, now.year)
    form = forms.NotDoingEdit(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        fields = form.fields_cleaned
        if forms.attempt(form, lambda: services.not_doing_add(year=year, by=request.user, now=now, **fields)):
            messages.success(request, _("On the list."))
            return redirect(_strategy_url(year))
    return _not_doing_form(request, form, year=year)


@require_http_methods(["GET", "POST"])
@requires("campaigns.change_notdoing", on=NotDoing)
def not_doing_update(request: UserRequest, notdoing: NotDoing) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = forms.NotDoingEdit(data, initial=forms.initial_of(notdoing, ["kind", "practice", "reason"]))
    if request.method == "POST" and form.is_valid():
        fields, seen, now = form.fields_cleaned, form.seen, clock.now()
        if forms.attempt(
            form,
            lambda: services.not_doing_update(entry=notdoing, by=request.user, now=now, seen=seen, **fields),
        ):
            messages.success(request, _("Saved."))
            return redirect(_strategy_url(notdoing.year))
    return _not_doing_form(request, form, year=notdoing.year, entry=notdoing)


@require_POST
@requires("campaigns.delete_notdoing", on=NotDoing)
def not_doing_remove(request: UserRequest, notdoing: NotDoing) -> HttpResponse:
    now = clock.now()
    if done_or_told(request, lambda: services.not_doing_remove(entry=notdoing, by=request.user, now=now)):
        messages.success(request, _("Off the list."))
    return redirect(_strategy_url(notdoing.year))


def _goal_form(request: UserRequest, form: Any, *, year: int, goal: YearGoal | None = None) -> HttpResponse:
    context = {"form": form, "year": year, "goal": goal, "back_url": _strategy_url(year)}
    return render(request, "campaigns/year_goal_form.html", context)


def _not_doing_form(
    request: UserRequest, form: Any, *, year: int, entry: NotDoing | None = None
) -> HttpResponse:
    context = {"form": form, "year": year, "entry": entry, "back_url": _strategy_url(year)}
    return render(request, "campaigns/not_doing_form.html", context)
