"""Whether a campaign may be launched, and in which stage it is."""

from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, leads_in, requires
from apps.accounts.models import User
from apps.campaigns import forms, readiness, services, stages
from apps.campaigns.models import Campaign
from apps.campaigns.views.frame import campaign_page, done_or_told, may_challenge
from apps.core import clock

Stage = Campaign.Stage


@require_GET
@requires("campaigns.view_readiness", on=Campaign)
def campaign_readiness(request: UserRequest, campaign: Campaign) -> HttpResponse:
    return _readiness_page(request, campaign)


@require_POST
@requires("campaigns.override_readiness", on=Campaign)
def check_override(request: UserRequest, campaign: Campaign) -> HttpResponse:
    form = forms.Override(request.POST)
    if form.is_valid():
        check, reason, now = form.cleaned_data["check"], form.cleaned_data["reason"], clock.now()
        if forms.attempt(
            form,
            lambda: services.check_override(
                campaign=campaign, check_name=check, reason=reason, by=request.user, now=now
            ),
        ):
            messages.success(request, _("Overridden. The reason is on record."))
            return redirect("campaigns:readiness", campaign.pk)
    return _readiness_page(request, campaign, refused=form)


@require_POST
@requires("campaigns.override_readiness", on=Campaign)
def override_remove(request: UserRequest, campaign: Campaign) -> HttpResponse:
    form = forms.OverrideRemove(request.POST)
    if form.is_valid():
        check, now = form.cleaned_data["check"], clock.now()
        if done_or_told(
            request,
            lambda: services.override_remove(campaign=campaign, check_name=check, by=request.user, now=now),
        ):
            messages.success(request, _("The check counts again."))
    return redirect("campaigns:readiness", campaign.pk)


def _readiness_page(
    request: UserRequest, campaign: Campaign, *, refused: forms.Override | None = None
) -> HttpResponse:
    now = clock.now()
    lines = readiness.findings(campaign, now)
    may_override = campaign.archived_at is None and request.user.has_perm(
        "campaigns.override_readiness", campaign
    )
    rows = [
        (
            line,
            _mend_url(request.user, campaign, line),
            _override_form(line, refused) if may_override and line.blocks else None,
        )
        for line in lines
    ]
    groups = [
        (group.label, list(members)) for group, members in groupby(rows, lambda row: row[0].check.group)
    ]
    return campaign_page(
        request,
        campaign,
        tab="readiness",
        fragment="readiness-list",
        now=now,
        groups=groups,
        blocking=[line for line in lines if line.blocks],
        overridden=[line for line in lines if line.override and not line.finding.ok],
        refused=refused,
        may_override=may_override,
    )


def _mend_url(user: User, campaign: Campaign, line: readiness.Line) -> str:
    """Return where this person can mend what fails; '' if it passes, or they may not go there."""
    url = line.finding.url
    if line.finding.ok or not url or not user.has_perm("campaigns.mend_readiness", campaign):
        return ""
    return url if leads_in(user, url, thing=campaign) else ""


def _override_form(line: readiness.Line, refused: forms.Override | None) -> forms.Override | None:
    """Return the form that would override this check: the refused one, if that was about it."""
    if not line.check.may_be_overridden:
        return None
    if refused is not None and refused.data.get("check") == line.check.name:
        return refused
    return forms.Override(initial={"check": line.check.name}, auto_id=f"id_{line.check.name}_%s")


@require_http_methods(["GET", "POST"])
@requires("campaigns.advance_campaign", on=Campaign)
def campaign_advance(request: UserRequest, campaign: Campaign) -> HttpResponse:
    form = forms.Advance(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        stage, reason, now = form.cleaned_data["stage"], form.cleaned_data["reason"], clock.now()
        moved = forms.attempt(
            form,
            lambda: services.campaign_advance(
                campaign=campaign, stage=stage, by=request.user, now=now, reason=reason
            ),
        )
        if moved:
            messages.success(request, _("The campaign is at “%(stage)s”.") % {"stage": Stage(stage).label})
            return redirect("campaigns:detail", campaign.pk)
    return _advance_page(request, campaign, form)


def _advance_page(request: UserRequest, campaign: Campaign, form: forms.Advance) -> HttpResponse:
    now = clock.now()
    following = stages.next_stage(campaign)
    asked = form.data.get("stage") or request.GET.get("stage") or following
    target = Stage(asked) if asked in Stage.values else following
    outlook = stages.outlook(campaign, target, now) if target else stages.Outlook([], [])
    unmet = outlook.unmet
    form.fields["reason"].required = bool(unmet)  # as the label says it; the act itself asks
    context: dict[str, Any] = {
        "form": form,
        "target": target,
        "is_forward": target is not None and stages.is_forward(campaign, target),
        "entry": outlook.entry,
        "unmet": unmet,
        "holds": stages.holding(campaign, target) if target else [],
        "may_challenge": may_challenge(request, campaign),
        "is_next": target == following,
        "choices": [stage for stage in Stage if stage != campaign.stage],
    }
    return campaign_page(request, campaign, tab="advance", fragment="stage-entry", now=now, **context)
