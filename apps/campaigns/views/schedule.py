"""The plan of a campaign as a whole: its dates, its template, its timeline; and what one task waits for."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.campaigns import dates, forms, selectors, services, timeline
from apps.campaigns.errors import DatesDoNotFit, MoveUnseen
from apps.campaigns.models import Campaign, PlanMove, PlanTemplate, Task
from apps.campaigns.views.frame import campaign_page, done_or_told, may_change
from apps.core import clock
from apps.core.refusals import refuse


@require_GET
@requires("campaigns.view_campaign", on=Campaign)
def plan_timeline(request: UserRequest, campaign: Campaign) -> HttpResponse:
    now = clock.now()
    today = timezone.localdate(now)
    plan = selectors.plan(campaign, today=dates.day_begun(now))
    labels = (_("Launch"), _("Outcome"), _("Today"))
    return campaign_page(
        request,
        campaign,
        tab="plan",
        template="campaigns/campaign_timeline.html",
        now=now,
        timeline=timeline.timeline(campaign, plan, today=today, labels=labels),
        may_change=may_change(request, campaign),
    )


@require_http_methods(["GET", "POST"])
@requires("campaigns.change_campaign", on=Campaign)
def campaign_reschedule(request: UserRequest, campaign: Campaign) -> HttpResponse:
    """Show what would follow from other dates; only what was shown is done."""
    form = _reschedule_form(request, campaign)
    now = clock.now()
    if request.method == "POST" and form.is_valid() and _reschedule(request, campaign, form, now):
        messages.success(request, _("The plan has been moved."))
        return redirect("campaigns:plan", campaign.pk)
    return campaign_page(
        request,
        campaign,
        tab="plan",
        template="campaigns/campaign_reschedule.html",
        now=now,
        form=form,
        preview=_preview(campaign, form, now),
    )


def _reschedule(request: UserRequest, campaign: Campaign, form: forms.Reschedule, now: datetime) -> bool:
    days, seen, shown = form.fields_cleaned, form.seen, form.cleaned_data["shown"]
    try:
        done = forms.attempt(
            form,
            lambda: services.campaign_reschedule(
                campaign=campaign, by=request.user, now=now, seen=seen, shown=shown, **days
            ),
        )
    except MoveUnseen:
        form.add_error(None, _("The plan has changed since you looked. This is what would move now."))
        return False
    return done is not None


def _preview(campaign: Campaign, form: forms.Reschedule, now: datetime) -> selectors.PlanPreview | None:
    """Return what the form's dates would lead to; None leaves what is wrong with them in the form."""
    if not form.is_bound or form.errors.keys() & form.fields.keys():
        return None
    days = form.fields_cleaned
    try:
        services.dates_check(campaign, _changed(campaign, days), now=now)
    except DatesDoNotFit as refusal:
        refuse(form, refusal)
        return None
    return selectors.plan_preview(campaign, today=dates.day_begun(now), **days)


def _changed(campaign: Campaign, days: dict[str, object]) -> dict[str, object]:
    return {name: day for name, day in days.items() if day != getattr(campaign, name)}


def _reschedule_form(request: UserRequest, campaign: Campaign) -> forms.Reschedule:
    initial = forms.initial_of(campaign, ["launch_date", "goal_date"])
    if request.method == "POST":
        return forms.Reschedule(request.POST, campaign=campaign, initial=initial)
    asked = {"launch_date", "goal_date"} & request.GET.keys()
    if not asked:
        return forms.Reschedule(campaign=campaign, initial=initial)
    form = forms.Reschedule(request.GET, campaign=campaign, initial=initial)
    form.is_valid()
    return form


@require_http_methods(["GET", "POST"])
@requires("campaigns.change_campaign", on=Campaign)
def template_apply(request: UserRequest, campaign: Campaign) -> HttpResponse:
    """Show what a template would make of this campaign, and make it."""
    data = request.POST if request.method == "POST" else request.GET
    form = forms.TemplateApply(data if "template" in data else None)
    now = clock.now()
    template: PlanTemplate | None = form.cleaned_data.get("template") if form.is_valid() else None
    if request.method == "POST" and template is not None:
        chosen = template
        tasks = forms.attempt(
            form,
            lambda: services.template_apply(campaign=campaign, template=chosen, by=request.user, now=now),
        )
        if tasks is not None:
            told = ngettext("%(n)s task has been planned.", "%(n)s tasks have been planned.", len(tasks))
            messages.success(request, told % {"n": len(tasks)})
            return redirect("campaigns:plan", campaign.pk)
    has_dates = campaign.launch_date is not None and campaign.goal_date is not None
    plan = None
    if template is not None and has_dates:
        plan = selectors.template_plan(campaign, template, today=dates.day_begun(now))
    return campaign_page(
        request,
        campaign,
        tab="plan",
        template="campaigns/campaign_template.html",
        now=now,
        form=form,
        plan=plan,
        chosen=template,
        has_dates=has_dates,
    )


@require_POST
@requires("campaigns.undo_planmove", on=PlanMove)
def plan_move_undo(request: UserRequest, planmove: PlanMove) -> HttpResponse:
    now = clock.now()
    if done_or_told(request, lambda: services.plan_move_undo(move=planmove, by=request.user, now=now)):
        messages.success(request, _("The plan is back where it was."))
    return redirect("campaigns:plan", planmove.campaign_id)


@require_POST
@requires("campaigns.change_task", on=Task)
def task_pin(request: UserRequest, task: Task) -> HttpResponse:
    done_or_told(request, lambda: services.task_pin(task=task, by=request.user, now=clock.now()))
    return redirect("campaigns:task", task.pk)


@require_POST
@requires("campaigns.change_task", on=Task)
def task_unpin(request: UserRequest, task: Task) -> HttpResponse:
    done_or_told(request, lambda: services.task_unpin(task=task, by=request.user, now=clock.now()))
    return redirect("campaigns:task", task.pk)


@require_POST
@requires("campaigns.change_task", on=Task)
def dependency_remove(request: UserRequest, task: Task) -> HttpResponse:
    form = forms.TaskWaits(request.POST, task=task)
    if form.is_valid():
        on, now = form.cleaned_data["task"], clock.now()
        done_or_told(request, lambda: services.dependency_remove(task=task, on=on, by=request.user, now=now))
    return redirect("campaigns:task", task.pk)
