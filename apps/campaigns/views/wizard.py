"""The steps of the plan, in reverse while it is made; afterwards the same pages change it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.http import UserRequest, requires
from apps.campaigns import forms, links, selectors, services, wizard
from apps.campaigns.errors import MoveUnseen
from apps.campaigns.models import Campaign
from apps.core import clock

Form = django_forms.Form
EDITS: dict[str, type[forms.VersionForm]] = {
    "outcome": forms.Outcome,
    "goal": forms.Goal,
    "audience": forms.Audience,
    "idea": forms.Idea,
    "dates": forms.Dates,
    "review": forms.Review,
}
NEEDS_CAMPAIGN = {"outcome", "goal", "audience", "dates", "channels"}
# Where a change of the finished plan leads back to.
BACK = {"audience": "audience", "channels": "channels"}


@require_http_methods(["GET", "POST"])
@requires("campaigns.change_campaign", on=Campaign)
def campaign_wizard(request: UserRequest, campaign: Campaign, step: str) -> HttpResponse:
    here = wizard.step(step)
    if here is None:
        raise Http404
    is_planning = bool(campaign.wizard_step)
    form = _form(request, campaign, step)
    try:
        if request.method == "POST" and form.is_valid() and _save(request, campaign, step, form):
            return _onwards(request, campaign, step, is_planning=is_planning)
    except MoveUnseen:
        return _move_page(request, campaign, here, form)
    context = {
        "campaign": campaign,
        "form": form,
        "step": here,
        "steps": [(each, each.is_complete(campaign)) for each in wizard.STEPS],
        "before": wizard.before(step),
        "is_planning": is_planning,
        "progress": selectors.goal_progress(campaign, clock.now()) if step == "review" else None,
        "seen": selectors.events_seen(clock.now()) if step == "goal" else [],
        "guide": selectors.guide(campaign, request.user, step, segment=campaign.segment),
    }
    return render(request, f"campaigns/wizard_{step}.html", context)


def _form(request: UserRequest, campaign: Campaign, step: str) -> Form:
    options: dict[str, Any] = {"campaign": campaign} if step in NEEDS_CAMPAIGN else {}
    data = request.POST if request.method == "POST" else None
    if step == "channels":
        avoided = selectors.channels_avoided(campaign, today=clock.now().date())
        return forms.Channels(data, avoided=avoided, **options)
    form_class = EDITS[step]
    names = [name for name in form_class.base_fields if name not in {"version", "template"}]
    return form_class(data, initial=forms.initial_of(campaign, names), **options)


def _save(request: UserRequest, campaign: Campaign, step: str, form: Form) -> bool:
    """Save what the step says, and mark it done; False leaves the refusal in the form."""
    now = clock.now()
    act = _act(request, campaign, step, form, now)
    if form.is_valid() and forms.attempt(form, act) is None:
        return False
    services.wizard_step_done(campaign=campaign, step=step, by=request.user, now=now)
    return True


def _act(
    request: UserRequest, campaign: Campaign, step: str, form: Form, now: datetime
) -> Callable[[], object]:
    if isinstance(form, forms.Channels):
        wanted, known = form.wanted(), form.versions
        return lambda: services.channels_set(
            campaign=campaign, wanted=wanted, known=known, by=request.user, now=now
        )
    assert isinstance(form, forms.VersionForm)
    fields, seen, shown = form.fields_cleaned, form.seen, request.POST.get("shown", "")
    template = form.cleaned_data.get("template")

    def update() -> Campaign:
        with transaction.atomic():
            saved = services.campaign_update(
                campaign=campaign, by=request.user, now=now, seen=seen, shown=shown, **fields
            )
            if template is not None:
                services.template_apply(campaign=saved, template=template, by=request.user, now=now)
        return saved

    return update


def _move_page(request: UserRequest, campaign: Campaign, step: wizard.Step, form: Form) -> HttpResponse:
    """Show which tasks the new dates would move; what was typed comes along, and is saved when confirmed."""
    preview = selectors.move_preview(campaign, form.cleaned_data, now=clock.now())
    kept = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in {"csrfmiddlewaretoken", "shown"}
        for value in values
    ]
    context = {"campaign": campaign, "step": step, "preview": preview, "kept": kept}
    return render(request, "campaigns/wizard_move.html", context)


def _onwards(request: UserRequest, campaign: Campaign, step: str, *, is_planning: bool) -> HttpResponse:
    if not is_planning:
        messages.success(request, _("Saved."))
        return redirect(links.tab_url(campaign, BACK.get(step, "detail")))
    following = wizard.after(step)
    if following:
        return redirect("campaigns:wizard", campaign.pk, following)
    messages.success(request, _("The plan is finished. This is how it reads."))
    return redirect("campaigns:detail", campaign.pk)
