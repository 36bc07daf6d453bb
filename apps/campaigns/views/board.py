"""The board's drop: a card goes into a stage, or the stage says what is unmet."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.http import UserRequest, requires
from apps.campaigns import cards, forms, selectors, services, stages
from apps.campaigns.models import Campaign, CampaignQuerySet
from apps.campaigns.views.listed import campaigns_asked, campaigns_found
from apps.core import clock
from apps.core.lists import ListQuery

Stage = Campaign.Stage


def board_context(
    request: UserRequest, asked: ListQuery, found: CampaignQuerySet, now: datetime
) -> dict[str, Any]:
    """Gather the columns, each with its first cards and the address of the next ones."""
    columns = selectors.board(found)
    for column in columns:
        _dress(request, column.cards, now)
    shown = [(column, _more_url(asked, column.after, column.stage)) for column in columns]
    has_cards = any(column.cards for column in columns)
    return {"listing": asked.page(found.none()), "columns": shown if has_cards else None}


@require_GET
@requires("campaigns.view_campaign")
def board_more(request: UserRequest) -> HttpResponse:
    """The next cards of the column whose stage the filter names."""
    asked = campaigns_asked(request.user, request.GET)
    found = campaigns_found(request.user, asked)
    members, after = selectors.board_next(found, request.GET.get("cursor", ""))
    _dress(request, members, clock.now())
    stage = asked.values.get("stage", "")
    context = {
        "cards": members,
        "more_url": _more_url(asked, after, stage),
        "stage_value": stage,
        "takes_focus": True,  # the button that asked for them goes, and the focus with it
    }
    return render(request, "campaigns/_board_cards.html", context)


def _more_url(asked: ListQuery, after: str, stage: str) -> str:
    """Return where the cards after these are; '' if there are none."""
    return f"{reverse('campaigns:board_more')}{asked.url(stage=stage, cursor=after)}" if after else ""


def _dress(request: UserRequest, campaigns: list[Campaign], now: datetime) -> None:
    """Add to each card what it shows, and whether this person may move it."""
    for campaign in campaigns:
        may = campaign.archived_at is None and request.user.has_perm("campaigns.advance_campaign", campaign)
        campaign.may_advance = may  # type: ignore[attr-defined]
        campaign.review_left = _review_left(campaign, now)  # type: ignore[attr-defined]
        campaign.light = cards.light_of(campaign, now)  # type: ignore[attr-defined]


def _review_left(campaign: Campaign, now: datetime) -> timedelta | None:
    """Return how much longer a campaign in review is to stand there; None: it may go on, or is elsewhere."""
    return (stages.review_left(campaign, now) or None) if campaign.stage == Stage.REVIEW else None


@require_POST
@requires("campaigns.advance_campaign", on=Campaign)
def campaign_drop(request: UserRequest, campaign: Campaign) -> HttpResponse:
    """Move a card to a stage: nothing comes back when it is there, and else what is unmet, as a dialog."""
    form = forms.Advance(request.POST)
    if form.is_valid():
        stage, reason, now = form.cleaned_data["stage"], form.cleaned_data["reason"], clock.now()
        moved = forms.attempt(
            form,
            lambda: services.campaign_advance(
                campaign=campaign, stage=stage, by=request.user, now=now, reason=reason
            ),
        )
        if moved:
            told = _("“%(name)s” is at “%(stage)s”.")
            messages.success(request, told % {"name": campaign.name, "stage": Stage(stage).label})
            return _dropped(request)
    return _unmet_dialog(request, campaign, form)


def _dropped(request: UserRequest) -> HttpResponse:
    if not request.htmx:
        return redirect(f"{reverse('campaigns:list')}?view=board")
    return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"HX-Trigger": "board-changed"})


def _unmet_dialog(request: UserRequest, campaign: Campaign, form: forms.Advance) -> HttpResponse:
    now, asked = clock.now(), form.data.get("stage", "")
    target = Stage(asked) if asked in Stage.values else None
    outlook = stages.outlook(campaign, target, now) if target else stages.Outlook([], [])
    has_reason = bool(form.data.get("reason", "").strip())
    if target and not has_reason:
        form = forms.Advance(initial={"stage": target})  # a first drop is a question, not an error
    context = {
        "campaign": campaign,
        "form": form,
        "target": target,
        "entry": outlook.entry,
        "unmet": outlook.unmet,
        "needs_bookends": target not in {None, Stage.IDEA}
        and not (campaign.outcome.strip() and campaign.idea.strip()),
    }
    return render(request, "campaigns/_board_dialog.html", context)
