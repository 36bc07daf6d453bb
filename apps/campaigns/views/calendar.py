"""The calendar over the filtered campaigns, and the act of moving one of them to other days."""

from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.core import signing
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.campaigns import calendar, forms, moves, selectors, services
from apps.campaigns.errors import MoveUnseen
from apps.campaigns.forms.move import MoveForm
from apps.campaigns.models import Campaign, CampaignQuerySet
from apps.campaigns.views.frame import campaign_page, done_or_told
from apps.core import clock
from apps.core.lists import ListQuery, day_read

SALT = "campaigns.move"
UNDO_FOR = 24 * 3600  # seconds
WAITING = "campaign_moved"  # the session's key for the move that can be taken back


def calendar_context(
    request: UserRequest, asked: ListQuery, found: CampaignQuerySet, now: datetime
) -> dict[str, Any]:
    """Gather month or week, lanes, and the pressure on the segment that is chosen."""
    today = timezone.localdate(now)
    scale = request.GET.get("scale", "")
    scale = scale if scale in calendar.SCALES else "month"
    by = request.GET.get("lanes", "")
    by = by if by in calendar.LANES else "channel"
    window = calendar.window_of(scale, _day(request, today))
    segments = list(selectors.audiences(request.user))
    chosen = next((one for one in segments if str(one.pk) == request.GET.get("segment")), None)
    shown = selectors.campaign_calendar(found, request.user, window, by=by, segment=chosen)
    for campaign in shown.campaigns:
        may = request.user.has_perm("campaigns.change_campaign", campaign)
        campaign.may_move = may and campaign.archived_at is None  # type: ignore[attr-defined]
    return {
        "listing": asked.page(found.none()),
        "calendar": shown,
        "segments": segments,
        "segment": chosen,
        "scales": [
            (name, label, asked.url(scale=name), name == scale) for name, label in calendar.SCALES.items()
        ],
        "lane_ways": [
            (name, label, asked.url(lanes=name), name == by) for name, label in calendar.LANES.items()
        ],
        "earlier_url": asked.url(day=window.earlier.isoformat()),
        "later_url": asked.url(day=window.later.isoformat()),
        "today_url": asked.url(day=""),
        "moved": request.session.pop(WAITING, None) if WAITING in request.session else None,
    }


def _day(request: UserRequest, today: date) -> date:
    """Return the day whose month or week is shown; one at an end of the calendar has none before it."""
    day = day_read(request.GET.get("day", ""))
    return day if day and date(1900, 1, 1) < day < date(2200, 1, 1) else today


@dataclass(frozen=True)
class Follows:
    """What a move by days would lead to: the new dates, what else runs then, which tasks move along."""

    dates: dict[str, date]
    others: list[Campaign]
    preview: selectors.PlanPreview


@require_http_methods(["GET", "POST"])
@requires("campaigns.change_campaign", on=Campaign)
def campaign_move(request: UserRequest, campaign: Campaign) -> HttpResponse:
    """Move it by days: asked about what follows, and before something approved or live is moved."""
    form = MoveForm(request.POST or None, initial={"part": "all", "version": campaign.version})
    if request.method != "POST" or not form.is_valid():
        return _ask(request, campaign, form)
    now = clock.now()
    follows = forms.attempt(form, lambda: _follows(request, campaign, form, now))
    if follows is None:
        return _ask(request, campaign, form)
    if _is_question(campaign, follows) and not form.cleaned_data["is_confirmed"]:
        return _ask(request, campaign, form, follows)
    days, shown = follows.dates, form.cleaned_data["shown"]
    try:
        moved = forms.attempt(
            form,
            lambda: services.campaign_move(
                campaign=campaign, dates=days, by=request.user, now=now, seen=form.seen, shown=shown
            ),
        )
    except MoveUnseen:
        form.add_error(None, _("The plan has changed since you looked. This is what would move now."))
        return _ask(request, campaign, form, follows)
    if moved is None:
        return _ask(request, campaign, form)
    _keep_undo(request, campaign, moved, days)
    return _moved(request)


def _follows(request: UserRequest, campaign: Campaign, form: MoveForm, now: datetime) -> Follows:
    told = form.cleaned_data
    days = moves.shifted(campaign, part=told["part"], days=told["days"], today=timezone.localdate(now))
    preview = selectors.move_preview(campaign, days, now=now)
    day = days.get("launch_date")
    return Follows(days, selectors.conflicts(campaign, day, request.user) if day else [], preview)


def _is_question(campaign: Campaign, follows: Follows) -> bool:
    return bool(follows.others or follows.preview.moves) or campaign.stage in moves.ASK_FIRST


def _ask(
    request: UserRequest, campaign: Campaign, form: MoveForm, follows: Follows | None = None
) -> HttpResponse:
    labels = {"start_date": _("Starts"), "launch_date": _("Launch"), "goal_date": _("Outcome by")}
    dates = follows.dates if follows else {}
    context: dict[str, Any] = {
        "form": form,
        "changes": [(labels[name], getattr(campaign, name), day) for name, day in dates.items()],
        "others": follows.others if follows else [],
        "preview": follows.preview if follows else None,
        "needs_word": bool(dates) and campaign.stage in moves.ASK_FIRST,
    }
    if request.htmx:
        return render(request, "campaigns/_move_dialog.html", {"campaign": campaign, **context})
    return campaign_page(request, campaign, tab="move", now=clock.now(), **context)


def _moved(request: UserRequest) -> HttpResponse:
    if request.htmx:
        return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"HX-Trigger": "calendar-changed"})
    return redirect(f"{reverse('campaigns:list')}?view=calendar")


def _keep_undo(request: UserRequest, before: Campaign, after: Campaign, dates: dict[str, date]) -> None:
    """Let the calendar offer to take the move back, for as long as nobody has moved it again."""
    was = {name: getattr(before, name).isoformat() for name in dates}
    token = signing.dumps({"pk": after.pk, "version": after.version, "dates": was}, salt=SALT)
    request.session[WAITING] = {"pk": after.pk, "name": after.name, "token": token}


@require_POST
@requires("campaigns.change_campaign", on=Campaign)
def campaign_move_undo(request: UserRequest, campaign: Campaign) -> HttpResponse:
    try:
        told = signing.loads(request.POST.get("token", ""), salt=SALT, max_age=UNDO_FOR)
    except signing.BadSignature:
        messages.error(request, _("This move cannot be taken back any more."))
        return redirect(f"{reverse('campaigns:list')}?view=calendar")
    dates = {name: date.fromisoformat(day) for name, day in told["dates"].items()}
    if told["pk"] == campaign.pk and done_or_told(
        request,
        lambda: services.campaign_move(
            campaign=campaign, dates=dates, by=request.user, now=clock.now(), seen=told["version"]
        ),
    ):
        messages.success(request, _("“%(name)s” is back where it was.") % {"name": campaign.name})
    return redirect(f"{reverse('campaigns:list')}?view=calendar&day={min(dates.values()).isoformat()}")
