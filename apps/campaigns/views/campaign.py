"""The list and the board of campaigns, and what is done to one of them as a whole."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.campaigns import forms, selectors, services, stages, wizard
from apps.campaigns.errors import Refused
from apps.campaigns.models import Campaign, CampaignQuerySet
from apps.core import clock
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Column, Filter, ListQuery, ListSpec

Stage = Campaign.Stage
LIST = ListSpec(
    columns=[
        Column(_l("Campaign"), sort="name"),
        Column(_l("Stage")),
        Column(_l("Captain")),
        Column(_l("Channels")),
        Column(_l("Outcome")),
        Column(_l("By"), sort="goal_date"),
        Column(_l("Changed"), sort="updated_at", descends_first=True),
    ],
    default_sort="-updated_at",
    search_hint=_l("Search by name or outcome"),
)
WHOSE = [("mine", _l("Mine")), ("away", _l("Put away"))]


def _spec(request: UserRequest) -> ListSpec:
    captains = [(person.pk, str(person)) for person in selectors.captains(request.user)]
    return replace(
        LIST,
        filters=[
            Filter("stage", _l("Stage"), Stage.choices),
            Filter("captain", _l("Captain"), captains),
            Filter("whose", _l("Campaigns"), WHOSE),
        ],
    )


@require_GET
@requires("campaigns.view_campaign")
def campaign_list(request: UserRequest) -> HttpResponse:
    asked = _spec(request).read(request.GET)
    is_board = request.GET.get("view") == "board"
    found = _found(request, asked)
    now = clock.now()
    columns = _board(request, found, now) if is_board else []
    context: dict[str, Any] = {
        "listing": asked.page(found) if not is_board else asked.page(found.none()),
        "columns": columns if any(cards for _stage, cards, _has_more in columns) else None,
        "is_board": is_board,
        "list_url": asked.url(view=""),
        "board_url": asked.url(view="board"),
        "may_add": request.user.has_perm("campaigns.add_campaign"),
        "today": timezone.localdate(now),
    }
    return render_page_or_fragment(request, "campaigns/campaign_list.html", context, fragment="campaign-list")


def _board(request: UserRequest, found: CampaignQuerySet, now: datetime) -> Any:
    columns = selectors.board(found)
    for _stage, cards, _has_more in columns:
        for campaign in cards:
            may = request.user.has_perm("campaigns.advance_campaign", campaign)
            campaign.may_advance = may  # type: ignore[attr-defined]
            campaign.review_left = _review_left(campaign, now)  # type: ignore[attr-defined]
    return columns


def _review_left(campaign: Campaign, now: datetime) -> timedelta | None:
    """Return how much longer a campaign in review is to stand there; None: it may go on, or is elsewhere."""
    return (stages.review_left(campaign, now) or None) if campaign.stage == Stage.REVIEW else None


def _found(request: UserRequest, asked: ListQuery) -> Any:
    captain = asked.values.get("captain")
    whose = asked.values.get("whose")
    return selectors.campaigns(
        request.user,
        search=asked.search,
        stage=asked.values.get("stage", ""),
        captain=int(captain) if captain else None,
        is_mine=whose == "mine",
        is_put_away=whose == "away",
    )


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
