"""Approvals: each part of a campaign, what differs from what was approved, and who says yes."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.http import UserRequest, requires
from apps.campaigns import forms, services
from apps.campaigns.models import Campaign
from apps.campaigns.readbacks import standings_read
from apps.campaigns.standings import Standing
from apps.campaigns.views.frame import campaign_page
from apps.core import clock


@require_GET
@requires("campaigns.view_approval", on=Campaign)
def campaign_approvals(request: UserRequest, campaign: Campaign) -> HttpResponse:
    return _approvals_page(request, campaign)


@require_POST
@requires("campaigns.ask_approval", on=Campaign)
def approval_ask(request: UserRequest, campaign: Campaign) -> HttpResponse:
    form = forms.ApprovalAsk(request.POST)
    if form.is_valid():
        part, now = form.cleaned_data["part"], clock.now()
        if forms.attempt(
            form, lambda: services.approval_ask(campaign=campaign, part=part, by=request.user, now=now)
        ):
            messages.success(request, _("The captain and the leads are told."))
            return redirect("campaigns:approvals", campaign.pk)
    return _approvals_page(request, campaign, refused=form)


@require_POST
@requires("campaigns.decide_approval", on=Campaign)
def approval_give(request: UserRequest, campaign: Campaign) -> HttpResponse:
    form = forms.ApprovalGive(request.POST)
    if form.is_valid():
        told, now = form.cleaned_data, clock.now()
        given = forms.attempt(
            form, lambda: services.approval_give(campaign=campaign, by=request.user, now=now, **told)
        )
        if given:
            messages.success(request, _("“%(part)s” is approved.") % {"part": given})
            return redirect("campaigns:approvals", campaign.pk)
    return _approvals_page(request, campaign, refused=form)


@require_POST
@requires("campaigns.decide_approval", on=Campaign)
def approval_send_back(request: UserRequest, campaign: Campaign) -> HttpResponse:
    form = forms.ApprovalSendBack(request.POST)
    if form.is_valid():
        told, now = form.cleaned_data, clock.now()
        sent = forms.attempt(
            form, lambda: services.approval_send_back(campaign=campaign, by=request.user, now=now, **told)
        )
        if sent:
            messages.success(request, _("“%(part)s” is sent back.") % {"part": sent})
            return redirect("campaigns:approvals", campaign.pk)
    return _approvals_page(request, campaign, refused=form)


@require_POST
@requires("campaigns.set_rules", on=Campaign)
def rules_set(request: UserRequest, campaign: Campaign) -> HttpResponse:
    form = forms.Rules(request.POST)
    if form.is_valid():
        rules, seen, now = form.fields_cleaned, form.seen, clock.now()
        if forms.attempt(
            form,
            lambda: services.campaign_rules_set(
                campaign=campaign, by=request.user, now=now, seen=seen, **rules
            ),
        ):
            messages.success(request, _("Saved."))
            return redirect("campaigns:approvals", campaign.pk)
    return _approvals_page(request, campaign, rules_form=form)


def _approvals_page(
    request: UserRequest,
    campaign: Campaign,
    *,
    refused: forms.ApprovalAsk | None = None,
    rules_form: forms.Rules | None = None,
) -> HttpResponse:
    user, is_kept = request.user, campaign.archived_at is None
    may_ask = is_kept and user.has_perm("campaigns.ask_approval", campaign)
    may_decide = is_kept and user.has_perm("campaigns.decide_approval", campaign)
    may_set = is_kept and user.has_perm("campaigns.set_rules", campaign)
    named = (refused.data.get("part") or "") if refused else ""
    cards = [
        {
            "standing": standing,
            "may_ask": may_ask and not standing.is_approved and not _is_waiting_as_is(standing),
            "may_decide": may_decide and standing.is_waiting,
            "is_own": not settings.CAMPAIGN_SELF_APPROVAL and _is_own(standing, request),
            "refused": refused if named == standing.part else None,
            "form": _send_back_form(standing, refused if named == standing.part else None),
        }
        for standing in standings_read(campaign)
    ]
    initial = forms.initial_of(campaign, ["asks_approvals", "review_hours"])
    return campaign_page(
        request,
        campaign,
        tab="approvals",
        now=clock.now(),
        cards=cards,
        default_hours=settings.CAMPAIGN_REVIEW_HOURS,
        rules_form=(rules_form or forms.Rules(initial=initial)) if may_set else None,
    )


def _is_waiting_as_is(standing: Standing) -> bool:
    """Test if asking again would say nothing new."""
    return standing.is_waiting and standing.latest is not None and standing.latest.digest == standing.digest


def _is_own(standing: Standing, request: UserRequest) -> bool:
    asked = standing.latest.asked_by_id if standing.latest else None
    return request.user.pk == standing.last_editor_id or asked == request.user.pk


def _send_back_form(standing: Standing, refused: forms.ApprovalAsk | None) -> forms.ApprovalSendBack:
    if isinstance(refused, forms.ApprovalSendBack):
        return refused
    return forms.ApprovalSendBack(initial={"part": standing.part}, auto_id=f"id_{standing.part}_%s")
