"""Tasks: those of a campaign's plan, and each by itself."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.http import UserRequest, requires
from apps.accounts.models import User
from apps.campaigns import challenges, dates, forms, selectors, services
from apps.campaigns.forms.checklist import ChecklistAdd
from apps.campaigns.forms.recurrence import RecurrenceForm
from apps.campaigns.models import Campaign, Channel, Recurrence, Task
from apps.campaigns.views.frame import campaign_page, done_or_told, may_challenge, may_change
from apps.core import clock
from apps.core.lists import Column, Filter, Listing, ListSpec

STATES = [("open", _l("Not done")), *Task.State.choices]
PLAN = ListSpec(
    columns=[
        Column(_l("Task"), sort="title"),
        Column(_l("Channel")),
        Column(_l("Assignee"), sort="assignee__name"),
        Column(_l("Due"), sort="due_date"),
        Column(_l("State")),
    ],
    default_sort="due_date",
    has_search=False,
)


@require_GET
@requires("campaigns.view_campaign", on=Campaign)
def campaign_plan(request: UserRequest, campaign: Campaign) -> HttpResponse:
    return _plan_page(request, campaign)


@require_POST
@requires("campaigns.add_task", on=Campaign)
def task_add(request: UserRequest, campaign: Campaign) -> HttpResponse:
    form = forms.TaskAdd(request.POST, campaign=campaign)
    if form.is_valid():
        _own_channel_only(request, form, campaign)
    if form.is_valid():
        fields, key, now = form.fields_cleaned, form.cleaned_data["key"], clock.now()
        if forms.attempt(
            form, lambda: services.task_add(campaign=campaign, by=request.user, now=now, key=key, **fields)
        ):
            messages.success(request, _("The task has been added."))
            return redirect("campaigns:plan", campaign.pk)
    return _plan_page(request, campaign, form=form)


def _own_channel_only(request: UserRequest, form: forms.TaskAdd | forms.TaskEdit, campaign: Campaign) -> None:
    """Refuse a task outside the own channel to who leads nothing else: the edge asks what may be."""
    becomes = Task(campaign=campaign, channel=form.cleaned_data["channel"])
    if not request.user.has_perm("campaigns.change_task", becomes):
        form.add_error("channel", _("You may plan tasks of your own channel."))


def _plan_page(
    request: UserRequest, campaign: Campaign, *, form: forms.TaskAdd | None = None
) -> HttpResponse:
    team, workers = selectors.team_and_workers(campaign)
    channels = list(campaign.channels.all())
    asked = _plan_spec(channels, team).read(request.GET)
    assignee = asked.values.get("assignee")
    found = selectors.tasks(
        campaign,
        channel=asked.values.get("channel", ""),
        assignee=int(assignee) if assignee else None,
        state=asked.values.get("state", ""),
    )
    now = clock.now()
    plan = selectors.plan(campaign, today=dates.day_begun(now))
    if campaign.archived_at is None and request.user.has_perm("campaigns.add_task", campaign):
        form = form or forms.TaskAdd(campaign=campaign)
        forms.offer(form, "channel", channels)
        forms.offer(form, "assignee", workers)
    else:
        form = None
    return campaign_page(
        request,
        campaign,
        tab="plan",
        fragment="plan-list",
        now=now,
        plan=plan,
        latest_move=selectors.latest_move(campaign),
        listing=_planned(request, asked.page(found), plan, campaign),
        form=form,
        may_change=may_change(request, campaign),
    )


def _plan_spec(channels: list[Channel], team: list[User]) -> ListSpec:
    kinds = [(channel.kind, channel.get_kind_display()) for channel in channels]
    people = [(person.pk, str(person)) for person in team]
    filters = [
        Filter("state", _l("State"), STATES),
        Filter("channel", _l("Channel"), kinds),
        Filter("assignee", _l("Assignee"), people),
    ]
    return replace(PLAN, filters=filters)


def _planned(
    request: UserRequest, listing: Listing[Task], plan: selectors.Plan, campaign: Campaign
) -> Listing[Task]:
    """Say of each row how the plan sees it. A task that came meanwhile is not in the plan yet."""
    for task in listing.rows:
        task.campaign = campaign
        if task.pk in plan.by_pk:
            task.placed, task.held_by = plan.placed(task), plan.holding.get(task.pk, [])  # type: ignore[attr-defined]
    selectors.tasks_mark_as(listing.rows, request.user, selectors.stuck_in(campaign, plan))
    return listing


@require_GET
@requires("campaigns.view_task", on=Task)
def task_detail(request: UserRequest, task: Task) -> HttpResponse:
    return task_page(request, task)


@require_POST
@requires("campaigns.change_task", on=Task)
def task_update(request: UserRequest, task: Task) -> HttpResponse:
    form = _task_form(task, data=request.POST)
    if form.is_valid():
        _own_channel_only(request, form, task.campaign)
    if form.is_valid():
        fields, seen, now = form.fields_cleaned, form.seen, clock.now()
        if forms.attempt(
            form, lambda: services.task_update(task=task, by=request.user, now=now, seen=seen, **fields)
        ):
            messages.success(request, _("Saved."))
            return redirect("campaigns:task", task.pk)
    return task_page(request, task, form)


@require_POST
@requires("campaigns.move_task", on=Task)
def task_move(request: UserRequest, task: Task) -> HttpResponse:
    form = forms.TaskMove(request.POST)
    if form.is_valid():
        state, now = form.cleaned_data["state"], clock.now()
        forms.attempt(form, lambda: services.task_move(task=task, state=state, by=request.user, now=now))
    for error in form.errors.values():
        messages.error(request, str(error[0]))
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return redirect(back if is_ours else reverse("campaigns:task", args=[task.pk]))


@require_POST
@requires("campaigns.change_task", on=Task)
def dependency_add(request: UserRequest, task: Task) -> HttpResponse:
    """Here and not beside the other acts on plans: a refusal is shown on the task's page."""
    form = forms.TaskWaits(request.POST, task=task)
    if form.is_valid():
        on, now = form.cleaned_data["task"], clock.now()
        if forms.attempt(form, lambda: services.dependency_add(task=task, on=on, by=request.user, now=now)):
            messages.success(request, _("It waits for “%(task)s”.") % {"task": on})
            return redirect("campaigns:task", task.pk)
    return task_page(request, task, waits_form=form)


@require_POST
@requires("campaigns.delete_task", on=Task)
def task_remove(request: UserRequest, task: Task) -> HttpResponse:
    campaign, now = task.campaign, clock.now()
    if done_or_told(request, lambda: services.task_remove(task=task, by=request.user, now=now)):
        messages.success(request, _("“%(task)s” has been removed.") % {"task": task})
    return redirect("campaigns:plan", campaign.pk)


def _task_form(task: Task, *, data: Any = None) -> forms.TaskEdit:
    names = ["title", "channel", "assignee", "start_date", "due_date", "is_milestone", "description"]
    return forms.TaskEdit(data, task=task, initial=forms.initial_of(task, names))


def _recurrence_form(recurrence: Recurrence | None) -> RecurrenceForm:
    names = ["every", "unit", "ends_date", "times"]
    if recurrence is None or not recurrence.is_running:
        return RecurrenceForm()
    return RecurrenceForm(initial=forms.initial_of(recurrence, names))


def task_page(
    request: UserRequest, task: Task, form: forms.TaskEdit | None = None, **more: Any
) -> HttpResponse:
    """Show the task; `form` and `more` are what was refused, with what was typed."""
    user, is_kept = request.user, task.campaign.archived_at is None
    waits_for, holds_up = selectors.neighbours(task)
    holds = challenges.open_shown(task.campaign, task)
    blocked = {task.pk} if any(not other.is_done for other in waits_for) else set()
    selectors.tasks_mark_as([task], user, selectors.Stuck(blocked, {task.pk} if holds else set()))
    recurrence = task.recurrence
    may_edit = is_kept and user.has_perm("campaigns.change_task", task)
    parts = {
        "checklist_form": ChecklistAdd(),
        "recurrence_form": _recurrence_form(recurrence),
        "waits_form": forms.TaskWaits(task=task) if may_edit else None,
    }
    return campaign_page(
        request,
        task.campaign,
        tab="plan",
        template="campaigns/task_detail.html",
        now=clock.now(),
        task=task,
        form=form or _task_form(task),
        waits_for=waits_for,
        holds_up=holds_up,
        holds=holds,
        may_challenge=may_challenge(request, task.campaign),
        checklist=selectors.checklist(task),
        may_check=selectors.may_check(task, user),
        recurrence=recurrence if recurrence and recurrence.is_running else None,
        **{**parts, **more},
        may_change=may_edit,
        may_remove=is_kept and user.has_perm("campaigns.delete_task", task),
    )
