"""The checklist below a task: each act answers with the whole of it."""

from collections.abc import Callable

from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.http import UserRequest, requires
from apps.campaigns import forms, selectors, services
from apps.campaigns.forms import checklist as lines
from apps.campaigns.models import Task
from apps.campaigns.views.frame import done_or_told
from apps.campaigns.views.tasks import task_page
from apps.core import clock
from apps.core.htmx import wants_fragment


@require_GET
@requires("campaigns.view_task", on=Task)
def checklist(request: UserRequest, task: Task) -> HttpResponse:
    if not wants_fragment(request):
        return redirect("campaigns:task", task.pk)
    return _shown(request, task, lines.ChecklistAdd())


@require_POST
@requires("campaigns.check_task", on=Task)
def checklist_add(request: UserRequest, task: Task) -> HttpResponse:
    form, now = lines.ChecklistAdd(request.POST), clock.now()
    if form.is_valid():
        text = form.cleaned_data["text"]
        if forms.attempt(
            form, lambda: services.checklist_add(task=task, text=text, by=request.user, now=now)
        ):
            return redirect("campaigns:checklist", task.pk)
    return _shown(request, task, form)


@require_POST
@requires("campaigns.check_task", on=Task)
def checklist_tick(request: UserRequest, task: Task) -> HttpResponse:
    form, now = lines.ChecklistTick(request.POST, task=task), clock.now()
    return _done(
        request, task, form, lambda: services.checklist_tick(by=request.user, now=now, **form.cleaned_data)
    )


@require_POST
@requires("campaigns.check_task", on=Task)
def checklist_move(request: UserRequest, task: Task) -> HttpResponse:
    form, now = lines.ChecklistMove(request.POST, task=task), clock.now()
    return _done(
        request, task, form, lambda: services.checklist_move(by=request.user, now=now, **form.cleaned_data)
    )


@require_POST
@requires("campaigns.check_task", on=Task)
def checklist_remove(request: UserRequest, task: Task) -> HttpResponse:
    form, now = lines.ChecklistRemove(request.POST, task=task), clock.now()
    return _done(
        request, task, form, lambda: services.checklist_remove(by=request.user, now=now, **form.cleaned_data)
    )


def _done(request: UserRequest, task: Task, form: Form, act: Callable[[], object]) -> HttpResponse:
    """Do what a button of a line asks for. A line that a colleague has removed is simply no longer there."""
    if form.is_valid():
        done_or_told(request, act)
    return redirect("campaigns:checklist", task.pk)


def _shown(request: UserRequest, task: Task, form: lines.ChecklistAdd) -> HttpResponse:
    if not wants_fragment(request):
        return task_page(request, task, checklist_form=form)
    context = {"task": task, "checklist": selectors.checklist(task), "checklist_form": form}
    context["may_check"] = selectors.may_check(task, request.user)
    return render(request, "campaigns/_task_checklist.html", context)
