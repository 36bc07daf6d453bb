"""Tasks over one filter, as list, board and calendar: of one campaign, or of all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.http import UserRequest, requires
from apps.accounts.models import User
from apps.campaigns import dates, forms, selectors, services
from apps.campaigns.forms.task_board import TaskPlace
from apps.campaigns.models import Campaign, Channel, Task, TaskQuerySet
from apps.campaigns.selectors.task_board import (
    BLOCKED,
    FREE,
    LATER,
    NO_DAY,
    NOBODY,
    OVERDUE,
    WEEK,
    WEEKS,
    Day,
)
from apps.campaigns.views.frame import campaign_page
from apps.core import clock
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Column, DayFilter, Filter, ListQuery, ListSpec, day_read

State = Task.State
DAY = "day"  # one day of the calendar, as a list of its own
TEMPLATE = "campaigns/campaign_tasks.html"
VIEWS = [
    ("list", _l("List"), "list"),
    ("board", _l("Board"), "layout-kanban"),
    ("calendar", _l("Calendar"), "calendar"),
]
STATES = [("open", _l("Not done")), *State.choices, ("all", _l("All, done ones too"))]
GOING = [(BLOCKED, _l("Blocked or held")), (FREE, _l("Can go on"))]
TASKS = ListSpec(
    columns=[
        Column(_l("Task"), sort="title"),
        Column(_l("Campaign"), sort="campaign__name"),
        Column(_l("Assignee"), sort="assignee__name"),
        Column(_l("Due"), sort="due_date"),
        Column(_l("State")),
    ],
    default_sort="due_date",
    search_hint=_l("Search by task"),
)


@dataclass(frozen=True)
class Asked:
    """What one request asks of the tasks, beside the list's own words; `campaign`: in which, None: all."""

    query: ListQuery
    view: str
    is_mine: bool
    today: date
    campaign: Campaign | None = None

    @property
    def narrowed(self) -> selectors.TaskFilter:
        values = self.query.values
        campaign = values.get("campaign")
        state = values.get("state", "open" if self.view == "list" else "")
        return selectors.TaskFilter(
            campaign=self.campaign.pk if self.campaign else int(campaign) if campaign else None,
            assignee=values.get("assignee", ""),
            channel=values.get("channel", ""),
            state="" if state == "all" else state,
            due=values.get("due", ""),
            day=self.query.days.get(DAY),
            going=values.get("going", ""),
            search=self.query.search,
        )

    @property
    def more_url(self) -> str:
        """Where the next cards of a column are, without what is asked."""
        if self.campaign:
            return reverse("campaigns:campaign_tasks_more", args=[self.campaign.pk])
        return reverse("campaigns:tasks_more")

    def day_urls(self, day: Day) -> tuple[str, str]:
        """Return where the next tasks of a day are, and where all of it is as a list; '' if all are shown."""
        if not day.after:
            return "", ""
        iso = day.date.isoformat()
        if self.campaign:
            address = reverse("campaigns:campaign_tasks_day", args=[self.campaign.pk])
        else:
            address = reverse("campaigns:tasks_day")
        state = self.narrowed.state or "all"  # a list without one shows what is open alone
        whole = self.query.url(view="list", month="", day=iso, state=state)
        return f"{address}{self.query.url(day=iso, cursor=day.after)}", whole

    def found(self, user: User) -> TaskQuerySet:
        return selectors.tasks_found(user, self.narrowed, today=self.today, is_mine=self.is_mine)


@require_GET
@requires("campaigns.view_task")
def task_list(request: UserRequest) -> HttpResponse:
    """The own tasks, or everyone's, of all campaigns that this person may see."""
    now = clock.now()
    asked = _asked_of_all(request, now)
    context = _shown(request, asked) | {
        "mine_url": asked.query.url(whose="", assignee=""),
        "all_url": asked.query.url(whose="all"),
        "may_see_workload": request.user.has_perm("campaigns.view_workload"),
        "now": now,
    }
    return render_page_or_fragment(request, "campaigns/task_list.html", context, fragment="task-list")


@require_GET
@requires("campaigns.view_campaign", on=Campaign)
def campaign_tasks(request: UserRequest, campaign: Campaign) -> HttpResponse:
    """The tasks of one campaign, within its bookends."""
    now = clock.now()
    shown = _shown(request, _asked_of(request, campaign, now))
    return campaign_page(
        request, campaign, tab="plan", template=TEMPLATE, fragment="task-list", now=now, **shown
    )


@require_GET
@requires("campaigns.view_task")
def tasks_more(request: UserRequest) -> HttpResponse:
    """The next cards of the column whose state the filter names."""
    return _cards_next(request, _asked_of_all(request, clock.now()))


@require_GET
@requires("campaigns.view_campaign", on=Campaign)
def campaign_tasks_more(request: UserRequest, campaign: Campaign) -> HttpResponse:
    """The same, within one campaign."""
    return _cards_next(request, _asked_of(request, campaign, clock.now()))


@require_GET
@requires("campaigns.view_task")
def tasks_day(request: UserRequest) -> HttpResponse:
    """The next tasks of one day of the calendar."""
    return _day_next(request, _asked_of_all(request, clock.now()))


@require_GET
@requires("campaigns.view_campaign", on=Campaign)
def campaign_tasks_day(request: UserRequest, campaign: Campaign) -> HttpResponse:
    """The same, within one campaign."""
    return _day_next(request, _asked_of(request, campaign, clock.now()))


def _asked_of_all(request: UserRequest, now: datetime) -> Asked:
    is_mine, today = request.GET.get("whose") != "all", timezone.localdate(now)
    filters = [_campaign_filter(request, is_mine=is_mine), *_filters(today)]
    if not is_mine:
        filters.insert(1, _assignee_filter(selectors.people_with_tasks(request.user)))
    columns = [column for column in TASKS.columns if not is_mine or column.sort != "assignee__name"]
    spec = replace(TASKS, filters=filters, columns=columns, days=_days(request))
    return Asked(spec.read(request.GET), _view_of(request), is_mine=is_mine, today=today)


def _asked_of(request: UserRequest, campaign: Campaign, now: datetime) -> Asked:
    today = timezone.localdate(now)
    columns = [column for column in TASKS.columns if column.sort != "campaign__name"]
    filters = [_assignee_filter(selectors.team(campaign)), *_filters(today)]
    spec = replace(TASKS, filters=filters, columns=columns, days=_days(request))
    view = _view_of(request, usual="board")
    return Asked(spec.read(request.GET), view, is_mine=False, today=today, campaign=campaign)


def _cards_next(request: UserRequest, asked: Asked) -> HttpResponse:
    told = asked.query.values.get("state", "")
    state = State(told) if told in State.values else State.TODO
    cards, after = selectors.task_column_next(
        asked.found(request.user), state, cursor=request.GET.get("cursor", "")
    )
    context = {
        "cards": selectors.tasks_mark(cards, request.user),
        "more_url": _more_url(asked, state, after),
        "all_url": asked.query.url(view="list", state=state),
        "today": asked.today,
        "has_campaign": asked.campaign is None,
        "takes_focus": True,
    }
    return render(request, "campaigns/_task_cards.html", context)


def _day_next(request: UserRequest, asked: Asked) -> HttpResponse:
    """Answer with tasks of the day that is asked for; of today where none or nonsense is."""
    day = day_read(request.GET.get(DAY, "")) or asked.today
    shown = selectors.task_day_next(asked.found(request.user), day, cursor=request.GET.get("cursor", ""))
    selectors.tasks_mark(shown.tasks, request.user)
    more_url, whole_url = asked.day_urls(shown)
    context = {
        "day": shown,
        "more_url": more_url,
        "whole_url": whole_url,
        "today": asked.today,
        "takes_focus": True,
    }
    return render(request, "campaigns/_task_day.html", context)


def _more_url(asked: Asked, state: str, after: str) -> str:
    """Return where the cards after these are; '' if there are none."""
    return f"{asked.more_url}{asked.query.url(state=state, cursor=after)}" if after else ""


@require_POST
@requires("campaigns.move_task", on=Task)
def task_place(request: UserRequest, task: Task) -> HttpResponse:
    """Put a card where it was dropped, and answer with the card as it is then; a refusal stands in it."""
    form, now = TaskPlace(request.POST), clock.now()
    if form.is_valid():
        told = {name: form.cleaned_data[name] for name in ("state", "above", "below")}
        seen = form.cleaned_data["version"]
        forms.attempt(
            form, lambda: services.task_move(task=task, by=request.user, now=now, seen=seen, **told)
        )
    (task,) = selectors.tasks_mark(Task.objects.filter(pk=task.pk).with_card(), request.user)
    refusal = " ".join(str(error) for errors in form.errors.values() for error in errors)
    context = {"task": task, "refusal": refusal, "today": timezone.localdate(now)}
    context["has_campaign"] = "has_campaign" in request.POST
    return render(request, "campaigns/_task_card.html", context)


def _shown(request: UserRequest, asked: Asked) -> dict[str, Any]:
    """Return what the asked view shows; `listing` bears the filters in each of them."""
    found = asked.found(request.user)
    context: dict[str, Any] = {"view": asked.view, "is_mine": asked.is_mine, "today": asked.today}
    context["views"] = [
        (label, icon, asked.query.url(view=name, month=""), name == asked.view) for name, label, icon in VIEWS
    ]
    listing = asked.query.page(found if asked.view == "list" else found.none())
    context["listing"] = listing
    match asked.view:
        case "board":
            columns = selectors.task_columns(found, states=_states(asked))
            selectors.tasks_mark([card for column in columns for card in column.cards], request.user)
            context["columns"] = [
                (
                    column,
                    asked.query.url(view="list", state=column.state),
                    _more_url(asked, column.state, column.after),
                )
                for column in columns
            ]
            context["is_empty"] = not any(column.count for column in columns)
        case "calendar":
            month = selectors.task_month(found, _month_of(request, asked.today))
            selectors.tasks_mark(month.tasks, request.user)
            context |= {"month": month, "is_empty": False}
            context["weeks"] = [[(day, *asked.day_urls(day)) for day in week] for week in month.weeks]
            context["earlier_url"] = asked.query.url(month=f"{month.previous:%Y-%m}")
            context["later_url"] = asked.query.url(month=f"{month.next:%Y-%m}")
            context["now_url"] = asked.query.url(month="")
        case _:
            selectors.tasks_mark(listing.rows, request.user)
            context["is_empty"] = not listing.rows
    return context


def _view_of(request: UserRequest, *, usual: str = "list") -> str:
    view = request.GET.get("view", "")
    return view if view in {name for name, _label, _icon in VIEWS} else usual


def _days(request: UserRequest) -> list[DayFilter]:
    """Return the filter of one day where it is asked for: it is chosen in the calendar, not above a list."""
    return [DayFilter(DAY, _l("Due on"))] if DAY in request.GET else []


def _states(asked: Asked) -> Sequence[State]:
    state = asked.narrowed.state
    if state == "open":
        return [State.TODO, State.DOING]
    return [State(state)] if state else list(State)


def _month_of(request: UserRequest, today: date) -> date:
    """Return the first day of the month in the URL; of this month where none or nonsense is asked for."""
    try:
        first = datetime.strptime(request.GET.get("month", ""), "%Y-%m").date()  # noqa: DTZ007  # a day has no zone
    except ValueError:
        return today.replace(day=1)
    return today.replace(day=1) if dates.range_problem(first) else first


def _campaign_filter(request: UserRequest, *, is_mine: bool) -> Filter:
    return Filter("campaign", _l("Campaign"), selectors.campaigns_with_tasks(request.user, is_mine=is_mine))


def _assignee_filter(people: Any) -> Filter:
    return Filter(
        "assignee", _l("Assignee"), [*((one.pk, str(one)) for one in people), (NOBODY, _l("Nobody"))]
    )


def _filters(today: date) -> list[Filter]:
    due: list[tuple[str, str | Promise]] = [(OVERDUE, _l("Overdue")), (NO_DAY, _l("No day"))]
    due += [(monday.isoformat(), week_label(monday, today)) for monday in selectors.weeks_from(today, WEEKS)]
    due.append((LATER, _l("Later")))
    return [
        Filter("channel", _l("Channel"), Channel.Kind.choices),
        Filter("state", _l("State"), STATES),
        Filter("due", _l("Due"), due),
        Filter("going", _l("Blocked"), GOING),
    ]


def week_label(monday: date, today: date) -> str:
    """Say which week this is: “This week”, “Week of 4 Mar”."""
    if monday <= today < monday + WEEK:
        return _("This week")
    return _("Week of %(day)s") % {"day": formats.date_format(monday, "j M")}
