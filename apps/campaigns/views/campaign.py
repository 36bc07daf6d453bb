"""The campaigns page, in each way of showing them, and what is done to one of them as a whole."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.campaigns import forms, services, wizard
from apps.campaigns.errors import Refused
from apps.campaigns.models import Campaign, CampaignQuerySet
from apps.campaigns.views.board import board_context
from apps.campaigns.views.calendar import calendar_context
from apps.campaigns.views.listed import campaigns_asked, campaigns_found, ways
from apps.campaigns.views.sheet import sheet_context
from apps.campaigns.views.timeline import timeline_context
from apps.core import clock
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import ListQuery


@require_GET
@requires("campaigns.view_campaign")
def campaign_list(request: UserRequest) -> HttpResponse:
    asked = campaigns_asked(request.user, request.GET)
    way = request.GET.get("view", "")
    way = way if way in SHOWN else ""
    now = clock.now()
    context: dict[str, Any] = {
        "way": way,
        "ways": ways(asked, way),
        "may_add": request.user.has_perm("campaigns.add_campaign"),
        "today": timezone.localdate(now),
        **SHOWN[way](request, asked, campaigns_found(request.user, asked), now),
    }
    return render_page_or_fragment(request, "campaigns/campaign_list.html", context, fragment="campaign-list")


@require_GET
@requires("campaigns.view_campaign")
def campaign_calendar(request: UserRequest) -> HttpResponse:
    """The rail's way to the calendar, which is one of the ways of showing campaigns."""
    return redirect(f"{reverse('campaigns:list')}?view=calendar")


def _list(request: UserRequest, asked: ListQuery, found: CampaignQuerySet, now: datetime) -> dict[str, Any]:
    return {"listing": asked.page(found)}


# What each way of showing them needs beside the filter.
SHOWN: dict[str, Callable[[UserRequest, ListQuery, CampaignQuerySet, datetime], dict[str, Any]]] = {
    "": _list,
    "board": board_context,
    "calendar": calendar_context,
    "timeline": timeline_context,
    "sheet": sheet_context,
}


@require_http_methods(["GET", "POST"])
@requires("campaigns.add_campaign")
def campaign_create(request: UserRequest) -> HttpResponse:
    form = forms.OutcomeBegin(request.POST or None)
    if request.method == "POST" and form.is_valid():
        campaign = forms.attempt(
            form,
            lambda: services.campaign_create(
                by=request.user,
                now=clock.now(),
                key=form.cleaned_data["key"],
                wizard_step=wizard.NAMES[1],
                **form.fields_cleaned,
            ),
        )
        if campaign:
            return redirect("campaigns:wizard", campaign.pk, wizard.NAMES[1])
    context = {"form": form, "steps": [(each, False) for each in wizard.STEPS], "step": wizard.STEPS[0]}
    return render(request, "campaigns/campaign_create.html", context)


@require_POST
@requires("campaigns.delete_campaign", on=Campaign)
def campaign_archive(request: UserRequest, campaign: Campaign) -> HttpResponse:
    try:
        services.campaign_archive(campaign=campaign, by=request.user, now=clock.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("campaigns:detail", campaign.pk)
    messages.success(request, _("“%(name)s” has been put away.") % {"name": campaign.name})
    return redirect("campaigns:list")


@require_POST
@requires("campaigns.delete_campaign", on=Campaign)
def campaign_restore(request: UserRequest, campaign: Campaign) -> HttpResponse:
    services.campaign_restore(campaign=campaign, by=request.user, now=clock.now())
    messages.success(request, _("“%(name)s” is back.") % {"name": campaign.name})
    return redirect("campaigns:detail", campaign.pk)
