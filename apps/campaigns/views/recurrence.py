"""That a task comes again: set and stopped on the task's own page."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.http import UserRequest, requires
from apps.campaigns import forms, services
from apps.campaigns.forms.recurrence import RecurrenceForm
from apps.campaigns.models import Task
from apps.campaigns.views.frame import done_or_told
from apps.campaigns.views.tasks import task_page
from apps.core import clock


@require_POST
@requires("campaigns.change_task", on=Task)
def recurrence_set(request: UserRequest, task: Task) -> HttpResponse:
    form, now = RecurrenceForm(request.POST), clock.now()
    if form.is_valid():
        fields, seen, person = form.fields_cleaned, form.seen, request.user
        if forms.attempt(
            form, lambda: services.recurrence_set(task=task, by=person, now=now, seen=seen, **fields)
        ):
            messages.success(request, _("The task comes again."))
            return redirect("campaigns:task", task.pk)
    return task_page(request, task, recurrence_form=form)


@require_POST
@requires("campaigns.change_task", on=Task)
def recurrence_stop(request: UserRequest, task: Task) -> HttpResponse:
    recurrence, now = task.recurrence, clock.now()
    if recurrence is not None:
        done_or_told(
            request, lambda: services.recurrence_stop(recurrence=recurrence, by=request.user, now=now)
        )
    return redirect("campaigns:task", task.pk)
