"""The catalogue of metrics: what each figure means, said once for all campaigns."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.campaigns import forms, selectors, services
from apps.campaigns.models import Campaign, Metric
from apps.campaigns.views.frame import done_or_told
from apps.core import clock
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Column, Filter, ListSpec

LIST = ListSpec(
    columns=[
        Column(_l("Metric"), sort="name"),
        Column(_l("Label")),
        Column(_l("Counted by")),
        Column(_l("Owner")),
        Column(_l("Campaigns"), is_number=True),
    ],
    filters=[
        Filter("kind", _l("Label"), Metric.Kind.choices),
        Filter("counted", _l("Counted by"), [("events", _l("Events")), ("built_in", _l("Built in"))]),
        Filter("put_away", _l("Put away"), [("yes", _l("Put away"))]),
    ],
    default_sort="name",
    search_hint=_l("Search metrics"),
)


@require_GET
@requires("campaigns.view_metric")
def metric_list(request: UserRequest) -> HttpResponse:
    asked = LIST.read(request.GET)
    found = selectors.metrics(
        search=asked.search,
        kind=asked.values.get("kind", ""),
        counted=asked.values.get("counted", ""),
        is_put_away=asked.values.get("put_away") == "yes",
    )
    context = {"listing": asked.page(found), "may_add": request.user.has_perm("campaigns.add_metric")}
    return render_page_or_fragment(request, "campaigns/metric_list.html", context, fragment="metric-list")


@require_GET
@requires("campaigns.view_metric", on=Metric)
def metric_detail(request: UserRequest, metric: Metric) -> HttpResponse:
    context = {
        "metric": metric,
        "shown": selectors.metric_shown(metric, request.user),
        "may_change": request.user.has_perm("campaigns.change_metric", metric),
        "now": clock.now(),
    }
    return render_page_or_fragment(request, "campaigns/metric_detail.html", context, fragment="metric")


@require_http_methods(["GET", "POST"])
@requires("campaigns.add_metric")
def metric_create(request: UserRequest) -> HttpResponse:
    form = forms.MetricFields(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        fields, now = form.fields_cleaned, clock.now()
        made = forms.attempt(form, lambda: services.metric_create(by=request.user, now=now, **fields))
        if made:
            messages.success(request, _("The metric is in the catalogue."))
            return redirect("campaigns:metric", made.pk)
    return _form_page(request, form, metric=None)


@require_http_methods(["GET", "POST"])
@requires("campaigns.change_metric", on=Metric)
def metric_update(request: UserRequest, metric: Metric) -> HttpResponse:
    form = forms.MetricFields(request.POST if request.method == "POST" else None, metric=metric)
    if request.method == "POST" and form.is_valid():
        fields, seen, now = form.fields_cleaned, form.seen, clock.now()
        if forms.attempt(
            form,
            lambda: services.metric_update(metric=metric, by=request.user, now=now, seen=seen, **fields),
        ):
            messages.success(request, _("Saved. Sets of KPIs that were signed with it need approval again."))
            return redirect("campaigns:metric", metric.pk)
    return _form_page(request, form, metric=metric)


@require_POST
@requires("campaigns.archive_metric", on=Metric)
def metric_archive(request: UserRequest, metric: Metric) -> HttpResponse:
    now = clock.now()
    if done_or_told(request, lambda: services.metric_archive(metric=metric, by=request.user, now=now)):
        messages.success(request, _("“%(metric)s” has been put away.") % {"metric": metric})
    return redirect("campaigns:metrics")


@require_POST
@requires("campaigns.archive_metric", on=Metric)
def metric_restore(request: UserRequest, metric: Metric) -> HttpResponse:
    now = clock.now()
    if done_or_told(request, lambda: services.metric_restore(metric=metric, by=request.user, now=now)):
        messages.success(request, _("“%(metric)s” can be chosen again.") % {"metric": metric})
    return redirect("campaigns:metric", metric.pk)


def _form_page(request: UserRequest, form: forms.MetricFields, *, metric: Metric | None) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "metric": metric,
        "seen": selectors.events_seen(clock.now()),
        "signed_uses": metric.kpis.filter(campaign__kpi_set__state="signed")
        .exclude(campaign__stage=Campaign.Stage.CLOSED)
        .count()
        if metric
        else 0,
    }
    return render_page_or_fragment(request, "campaigns/metric_form.html", context, fragment="metric-form")
