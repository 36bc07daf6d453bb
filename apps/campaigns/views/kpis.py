"""The figures that carry a campaign's story."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.campaigns import challenges, forms, selectors, services
from apps.campaigns.models import Campaign, Kpi
from apps.campaigns.views.frame import campaign_page, done_or_told, may_challenge, may_change
from apps.core import clock

FEW_ENOUGH = 7


@require_GET
@requires("campaigns.view_campaign", on=Campaign)
def campaign_kpis(request: UserRequest, campaign: Campaign) -> HttpResponse:
    return _kpis_page(request, campaign, forms.KpiAdd())


@require_POST
@requires("campaigns.change_campaign", on=Campaign)
def kpi_add(request: UserRequest, campaign: Campaign) -> HttpResponse:
    form = forms.KpiAdd(request.POST)
    if form.is_valid():
        fields, now = form.cleaned_data, clock.now()
        if forms.attempt(
            form, lambda: services.kpi_add(campaign=campaign, by=request.user, now=now, **fields)
        ):
            messages.success(request, _("The KPI has been added."))
            return redirect("campaigns:kpis", campaign.pk)
    return _kpis_page(request, campaign, form)


@require_http_methods(["GET", "POST"])
@requires("campaigns.change_kpi", on=Kpi)
def kpi_update(request: UserRequest, kpi: Kpi) -> HttpResponse:
    names = [name for name in forms.KpiEdit.base_fields if name != "version"]
    data = request.POST if request.method == "POST" else None
    form = forms.KpiEdit(data, initial=forms.initial_of(kpi, names))
    if request.method == "POST" and form.is_valid():
        fields, seen, now = form.fields_cleaned, form.seen, clock.now()
        if forms.attempt(
            form, lambda: services.kpi_update(kpi=kpi, by=request.user, now=now, seen=seen, **fields)
        ):
            messages.success(request, _("Saved."))
            return redirect("campaigns:kpis", kpi.campaign_id)
    return _kpis_page(request, kpi.campaign, form, kpi=kpi)


@require_POST
@requires("campaigns.change_kpi", on=Kpi)
def kpi_move(request: UserRequest, kpi: Kpi) -> HttpResponse:
    form = forms.KpiMove(request.POST)
    if form.is_valid():
        position, now = form.cleaned_data["position"], clock.now()
        done_or_told(request, lambda: services.kpi_move(kpi=kpi, position=position, by=request.user, now=now))
    return redirect("campaigns:kpis", kpi.campaign_id)


@require_POST
@requires("campaigns.change_kpi", on=Kpi)
def kpi_remove(request: UserRequest, kpi: Kpi) -> HttpResponse:
    campaign_id = kpi.campaign_id
    now = clock.now()
    if done_or_told(request, lambda: services.kpi_remove(kpi=kpi, by=request.user, now=now)):
        messages.success(request, _("“%(kpi)s” has been removed.") % {"kpi": kpi})
    return redirect("campaigns:kpis", campaign_id)


def _kpis_page(
    request: UserRequest, campaign: Campaign, form: Any, *, kpi: Kpi | None = None
) -> HttpResponse:
    kpis = list(campaign.kpis.all())
    now = clock.now()
    return campaign_page(
        request,
        campaign,
        tab="kpis",
        now=now,
        kpis=kpis,
        kpi=kpi,
        holds=challenges.open_about(kpi) if kpi else [],
        may_challenge=may_challenge(request, campaign),
        form=form,
        seen=selectors.events_seen(now),
        is_too_many=len(kpis) > FEW_ENOUGH,
        may_change=may_change(request, campaign),
    )
