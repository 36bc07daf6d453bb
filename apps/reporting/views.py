from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.http import UserRequest, requires
from apps.campaigns import selectors as campaigns
from apps.campaigns.models import Campaign
from apps.core import clock
from apps.core.htmx import render_page_or_fragment, wants_fragment
from apps.core.lists import Column, ListSpec
from apps.messaging.models import Message
from apps.reporting import selectors, services
from apps.reporting.figures import FIGURES, Behind, people_behind
from apps.reporting.forms import ConversionChoice, MessageChoice
from apps.reporting.models import ArmResult, Conversion

OVERVIEW = ListSpec(
    columns=[
        Column(_("Campaign"), sort="name"),
        Column(_("Goal")),
        Column(_("Value"), is_number=True),
        Column(_("Conversions"), is_number=True),
        Column(_("Sent"), is_number=True),
        Column(_("Delivered"), is_number=True),
        Column(_("Opened"), is_number=True),
        Column(_("Clicked"), is_number=True),
        Column(_("Counted"), is_number=True),
    ],
    default_sort="-updated_at",
    search_hint=_("Search campaigns"),
    size=25,
)
PEOPLE = ListSpec(
    columns=[Column(_("Contact")), Column(_("Message")), Column(_("State")), Column(_("When"))],
    default_sort="-pk",  # each figure brings its own
    has_search=False,
)
CONVERSIONS = ListSpec(
    columns=[
        Column(_("Contact")),
        Column(_("Message")),
        Column(_("When"), sort="occurred_at", descends_first=True),
        Column(_("Value"), is_number=True),
    ],
    default_sort="-occurred_at",
    has_search=False,
)


@require_GET
@requires("reporting.view_overview")
def overview(request: UserRequest) -> HttpResponse:
    asked = OVERVIEW.read(request.GET)
    listing = asked.page(selectors.overview_campaigns(request.user, search=asked.search))
    context = {
        "listing": listing,
        "rows": selectors.overview_rows(listing.rows),
        "totals": selectors.overview_totals(request.user),
    }
    return render_page_or_fragment(request, "reporting/overview.html", context, fragment="overview-list")


@require_GET
@requires("reporting.view_results", on=Campaign)
def campaign_results(request: UserRequest, campaign: Campaign) -> HttpResponse:
    context: dict[str, Any] = {
        "campaign": campaign,
        "results": selectors.campaign_results(campaign),
        "may_see_people": request.user.has_perm("reporting.view_people", campaign),
    }
    if not wants_fragment(request):
        context["frame"] = campaigns.campaign_frame(campaign, request.user, clock.now(), tab="results")
    return render_page_or_fragment(
        request, "reporting/campaign_results.html", context, fragment="results-panel"
    )


@require_POST
@requires("reporting.refresh_results", on=Campaign)
def results_refresh(request: UserRequest, campaign: Campaign) -> HttpResponse:
    try:
        services.results_refresh(campaign=campaign, now=clock.now())
    except services.ResultsNotCountable as refusal:
        messages.error(request, str(refusal))
    return redirect("campaigns:tab", campaign.pk, "results")


@require_GET
@requires("reporting.view_people", on=Campaign)
def figure_people(request: UserRequest, campaign: Campaign, figure: str) -> HttpResponse:
    if figure not in FIGURES:
        raise Http404
    choice = MessageChoice(request.GET, messages=_messages(campaign))
    if not choice.is_valid():
        raise Http404
    results = selectors.campaign_results(campaign)
    until = results.counted_at or clock.now()
    chosen = FIGURES[figure]
    rows = people_behind(chosen, messages=choice.chosen, until=until)
    listing = PEOPLE.read(request.GET).page(rows, ordering=chosen.ordering, tie=chosen.tie)
    context = {
        "campaign": campaign,
        "crumbs": _crumbs(campaign),
        "figure": chosen,
        "message": choice.cleaned_data["message"],
        "counted_at": results.counted_at,
        "shown": selectors.figure_shown(results, figure, message=choice.cleaned_data["message"]),
        "listing": listing,
        "people": [Behind.of(row) for row in listing.rows],
    }
    return render(request, "reporting/figure_people.html", context)


@require_GET
@requires("reporting.view_people", on=Campaign)
def conversions(request: UserRequest, campaign: Campaign, measure: str) -> HttpResponse:
    choice = ConversionChoice(request.GET, messages=_messages(campaign))
    found = [one for one in selectors.campaign_results(campaign).measures if one.key == measure]
    if not found or not choice.is_valid():
        raise Http404
    arm = ArmResult.Arm(choice.cleaned_data["arm"] or ArmResult.Arm.SENT)
    rows = Conversion.objects.filter(message__in=choice.chosen, measure=measure)
    rows = rows.filter(is_holdout=arm == ArmResult.Arm.HOLDOUT, is_control=arm == ArmResult.Arm.CONTROL)
    if choice.cleaned_data["credited"]:
        rows = rows.filter(is_credited=True)
    context = {
        "campaign": campaign,
        "crumbs": _crumbs(campaign),
        "measure": found[0],
        "message": choice.cleaned_data["message"],
        "arm": arm,
        "sums": selectors.conversions_sum(rows),
        # Looked up for the page alone: joined, they would be for each row that is sorted.
        "listing": CONVERSIONS.read(request.GET).page(rows.prefetch_related("message", "contact")),
    }
    return render(request, "reporting/conversions.html", context)


def _crumbs(campaign: Campaign) -> list[tuple[str, str]]:
    return [
        (str(_("Overview")), reverse("reporting:overview")),
        (campaign.name, reverse("reporting:results", args=[campaign.pk])),
    ]


def _messages(campaign: Campaign) -> QuerySet[Message]:
    return Message.objects.filter(campaign=campaign)
