"""How a page of one campaign is rendered: its own content inside the frame of the two bookends."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.http import UserRequest, requires
from apps.campaigns import panels, selectors
from apps.campaigns.models import Campaign
from apps.campaigns.progress import GoalProgress
from apps.core import clock
from apps.core.errors import DomainError
from apps.core.htmx import render_page_or_fragment, wants_fragment
from apps.core.lists import ListSpec
from apps.core.refusals import told

STORY_LESSONS = 10
HISTORY = ListSpec(columns=[], default_sort="-at", has_search=False)


def campaign_page(
    request: UserRequest,
    campaign: Campaign,
    *,
    tab: str,
    now: datetime,
    fragment: str = "campaign-tab",
    template: str = "",
    progress: GoalProgress | None = None,
    **context: Any,
) -> HttpResponse:
    """
    Render `campaigns/campaign_<tab>.html`, or only its fragment, which does without the frame.

    `progress` of the goal, where it has been counted already.
    """
    if not wants_fragment(request):
        frame = selectors.campaign_frame(campaign, request.user, now, tab=tab, progress=progress)
        context["frame"] = frame
    context |= {"campaign": campaign, "now": now, "today": timezone.localdate(now)}
    name = template or f"campaigns/campaign_{tab}.html"
    return render_page_or_fragment(request, name, context, fragment=fragment)


@require_GET
@requires("campaigns.view_campaign", on=Campaign)
def campaign_detail(request: UserRequest, campaign: Campaign) -> HttpResponse:
    channels = list(campaign.channels.select_related("owner"))
    lines = panels.sent_on(channels)
    lessons, applied = selectors.story_lessons(campaign, request.user, each=STORY_LESSONS)
    now = clock.now()
    progress = selectors.goal_progress(campaign, now)
    return campaign_page(
        request,
        campaign,
        tab="detail",
        progress=progress,
        elements={owner.element: owner for owner in selectors.campaign_elements(campaign)},
        sent=[(channel, line) for channel in channels for line in lines[channel.pk]],
        now=now,
        channels=channels,
        kpis=list(campaign.kpis.with_metric()),
        expectation=selectors.expectation_view(campaign, now, progress=progress),
        may_change=may_change(request, campaign),
        lessons=lessons,
        lessons_applied=applied,
        asks_for_lessons=campaign.stage in {Campaign.Stage.REPORTING, Campaign.Stage.CLOSED},
        may_add_lesson=request.user.has_perm("campaigns.add_lesson"),
    )


@require_GET
@requires("campaigns.view_campaign", on=Campaign)
def campaign_progress(request: UserRequest, campaign: Campaign) -> HttpResponse:
    """The figures of the outcome bookend, which ask for themselves again while something can change."""
    progress = selectors.goal_progress(campaign, clock.now())
    return render(request, "campaigns/_campaign_progress.html", {"campaign": campaign, "progress": progress})


@require_GET
@requires("campaigns.view_campaign", on=Campaign)
def campaign_audience(request: UserRequest, campaign: Campaign) -> HttpResponse:
    return campaign_page(
        request,
        campaign,
        tab="audience",
        now=clock.now(),
        may_see_people=request.user.has_perm("segments.view_segment"),
        may_change=may_change(request, campaign),
    )


@require_GET
@requires("campaigns.view_campaign", on=Campaign)
def campaign_tab(request: UserRequest, campaign: Campaign, name: str) -> HttpResponse:
    """A tab whose content an app above this one answers; the page loads it from there."""
    tab = next((tab for tab in panels.tabs if tab.name == name), None)
    if tab is None or not request.user.has_perm(tab.permission, campaign):
        raise Http404
    url = reverse(tab.url_name, args=[campaign.pk])
    return campaign_page(
        request,
        campaign,
        tab=name,
        now=clock.now(),
        template="campaigns/campaign_tab.html",
        panel=tab,
        panel_url=url,
    )


@require_GET
@requires("campaigns.view_campaign", on=Campaign)
def campaign_history(request: UserRequest, campaign: Campaign) -> HttpResponse:
    asked = HISTORY.read(request.GET)
    listing = asked.page(selectors.history(campaign))
    entries = [selectors.entry_of(event) for event in listing.rows]
    return campaign_page(
        request,
        campaign,
        tab="history",
        now=clock.now(),
        listing=listing,
        entries=entries,
        fragment="campaign-history",
    )


def done_or_told(request: UserRequest, act: Callable[[], object]) -> bool:
    """Do what a button asks for; a refusal is told on the page that follows. Return whether it was done."""
    try:
        act()
    except DomainError as refusal:
        messages.error(request, told(refusal))
        return False
    return True


def may_challenge(request: UserRequest, campaign: Campaign) -> bool:
    """Test if the pages of this campaign offer this person to challenge what is in it."""
    return campaign.archived_at is None and request.user.has_perm("campaigns.add_challenge", campaign)


def may_change(request: UserRequest, campaign: Campaign) -> bool:
    """Test if the pages of this campaign offer this person to change it."""
    return campaign.archived_at is None and request.user.has_perm("campaigns.change_campaign", campaign)
