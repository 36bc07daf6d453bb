"""The way of a campaign's KPIs to a signature."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.http import UserRequest, requires
from apps.campaigns import forms, services
from apps.campaigns.models import Campaign, KpiReview, SignOff
from apps.campaigns.views.frame import campaign_page, done_or_told
from apps.campaigns.views.kpis import kpis_page
from apps.core import clock


@require_POST
@requires("campaigns.ask_signoff", on=Campaign)
def kpis_ask(request: UserRequest, campaign: Campaign) -> HttpResponse:
    now = clock.now()
    if done_or_told(request, lambda: services.kpis_ask(campaign=campaign, by=request.user, now=now)):
        messages.success(request, _("Asked. You are told when the word has been given."))
    return redirect("campaigns:kpis", campaign.pk)


@require_POST
@requires("campaigns.review_signoff", on=Campaign)
def kpis_review(request: UserRequest, campaign: Campaign) -> HttpResponse:
    form = forms.ReviewKpis(request.POST)
    if form.is_valid():
        said, now = form.cleaned_data, clock.now()
        verdict = said["verdict"] or KpiReview.Verdict.QUESTION
        if forms.attempt(
            form,
            lambda: services.kpis_review(
                campaign=campaign,
                verdict=verdict,
                text=said["text"],
                seen=said["seen"],
                by=request.user,
                now=now,
            ),
        ):
            is_agreed = verdict == KpiReview.Verdict.AGREED
            messages.success(
                request,
                _("Agreed. An executive is asked to sign.") if is_agreed else _("Your question is sent."),
            )
            return redirect("campaigns:kpis", campaign.pk)
    return kpis_page(request, campaign, review=form)


@require_POST
@requires("campaigns.sign_signoff", on=Campaign)
def kpis_sign(request: UserRequest, campaign: Campaign) -> HttpResponse:
    form = forms.SignKpis(request.POST)
    if form.is_valid():
        said, now = form.cleaned_data, clock.now()
        if forms.attempt(
            form,
            lambda: services.kpis_sign(
                campaign=campaign, text=said["text"], seen=said["seen"], by=request.user, now=now
            ),
        ):
            messages.success(request, _("Signed. A later change takes the signature off and tells you."))
            return redirect("campaigns:kpis", campaign.pk)
    return kpis_page(request, campaign, sign=form)


@require_GET
@requires("campaigns.view_signoff", on=SignOff)
def signoff_detail(request: UserRequest, signoff: SignOff) -> HttpResponse:
    """The set as it was when it was signed."""
    return campaign_page(
        request, signoff.campaign, tab="signoff", now=clock.now(), signoff=signoff, snapshot=signoff.snapshot
    )
