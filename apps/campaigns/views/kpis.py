"""The figures that carry a campaign's story."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.campaigns import challenges, forms, selectors, services
from apps.campaigns.kpiset import FEW_ENOUGH
from apps.campaigns.models import Campaign, Kpi, KpiSet
from apps.campaigns.views.frame import campaign_page, done_or_told, may_challenge, may_change
from apps.core import clock

State = KpiSet.State


@require_GET
@requires("campaigns.view_campaign", on=Campaign)
def campaign_kpis(request: UserRequest, campaign: Campaign) -> HttpResponse:
    return kpis_page(request, campaign)


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
    return kpis_page(request, campaign, form=form)


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
    return kpis_page(request, kpi.campaign, form=form, kpi=kpi)


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


def kpis_page(
    request: UserRequest,
    campaign: Campaign,
    *,
    form: Any = None,
    kpi: Kpi | None = None,
    review: forms.ReviewKpis | None = None,
    sign: forms.SignKpis | None = None,
) -> HttpResponse:
    """Show the set, where it stands, and what this person may say of it; `review`, `sign`: refused forms."""
    now_set = selectors.kpi_set_now(campaign)
    for each in now_set.kpis:
        each.holds = challenges.open_shown(campaign, each)  # type: ignore[attr-defined]  # for the page
    for refused in (review, sign):
        if refused is not None:
            refused.renew(now_set.digest)
    user, is_kept = request.user, campaign.archived_at is None
    may_say = is_kept and not now_set.is_editor(user)
    seen = {"seen": now_set.digest}
    may_review = may_say and now_set.state == State.REVIEW and user.role == user.Role.SALES
    may_sign = may_say and now_set.state == State.SIGNATURE and user.role == user.Role.EXECUTIVE
    may_write = may_change(request, campaign)
    return campaign_page(
        request,
        campaign,
        tab="kpis",
        now=clock.now(),
        set_now=now_set,
        kpis=now_set.kpis,
        kpi=kpi,
        may_challenge=may_challenge(request, campaign),
        form=(form or forms.KpiAdd()) if may_write else None,
        said=selectors.said_of(now_set),
        is_too_many=len(now_set.kpis) > FEW_ENOUGH,
        may_change=may_write,
        may_ask=is_kept and _may_ask(now_set) and user.has_perm("campaigns.ask_signoff", campaign),
        review=(review or forms.ReviewKpis(initial=seen)) if may_review or review else None,
        sign=(sign or forms.SignKpis(initial=seen)) if may_sign or sign else None,
        is_own_edit=not may_say and is_kept and now_set.state in {State.REVIEW, State.SIGNATURE},
    )


def _may_ask(now_set: selectors.SetNow) -> bool:
    return bool(now_set.kpis) and now_set.state in {State.DRAFT, State.QUESTIONED, State.CHANGED}
