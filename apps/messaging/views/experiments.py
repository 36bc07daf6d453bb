"""The experiment of a message: written as a step of the draft, looked at while it runs, decided by hand."""

from datetime import datetime
from typing import Any

from django.contrib import messages as notes
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.http import UserRequest, requires
from apps.core import clock
from apps.core.htmx import render_page_or_fragment
from apps.messaging import selectors, services
from apps.messaging.forms import DecideForm, ExperimentForm
from apps.messaging.models import Message
from apps.messaging.views import drafts


@require_http_methods(["GET", "POST"])
@requires("messaging.change_message", on=Message)
def message_variants(request: UserRequest, message: Message) -> HttpResponse:
    if message.is_text:
        raise Http404
    version = selectors.message_version(message)
    form = ExperimentForm(
        request.POST or None,
        instance=selectors.experiment_of(message),
        variants=selectors.variants(message),
        control_subject=version.subject if version else "",
    )
    return drafts.draft_step(request, message, form, step="variants", following="messaging:settings-edit")


@require_GET
@requires("messaging.view_message", on=Message)
def message_experiment(request: UserRequest, message: Message) -> HttpResponse:
    """Say what the sample has found so far, what was decided, and what becomes of the rest."""
    if message.is_draft:
        return redirect("messaging:detail", message.pk)
    return _results(request, message, now=clock.now())


@require_POST
@requires("messaging.decide_message", on=Message)
def message_decide(request: UserRequest, message: Message) -> HttpResponse:
    form = DecideForm(request.POST, variants=selectors.variants(message))
    now = clock.now()
    if not form.is_valid():
        return _results(request, message, now=now, form=form)
    try:
        services.experiment_choose(
            message=message, variant=form.cleaned_data["variant"], by=request.user, now=now
        )
    except services.MessageRefused as refusal:
        notes.error(request, str(refusal))
    return redirect("messaging:experiment", message.pk)


def _results(
    request: UserRequest, message: Message, *, now: datetime, form: DecideForm | None = None
) -> HttpResponse:
    experiment = selectors.experiment_of(message)
    if experiment is None:
        raise Http404
    findings = selectors.experiment_findings(experiment, message, now=now)
    is_open = message.is_open and not experiment.is_decided
    may_decide = is_open and request.user.has_perm("messaging.decide_message", message)
    context: dict[str, Any] = {
        "message": message,
        "experiment": experiment,
        "findings": findings,
        "form": (form or DecideForm(variants=selectors.variants(message))) if may_decide else None,
        # Asks again while the sample may still do something before it counts.
        "is_moving": is_open or findings.awaiting > 0,
    }
    return render_page_or_fragment(
        request, "messaging/message_experiment.html", context, fragment="experiment-panel"
    )
