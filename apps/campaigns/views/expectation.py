"""What a campaign should bring by when: the curve, who acknowledged it, and what has come."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.http import UserRequest, requires
from apps.campaigns import expectations, forms, selectors, services
from apps.campaigns.expectations import Shape, Standing
from apps.campaigns.models import Campaign, Expectation, Stakeholder
from apps.campaigns.progress import period_of
from apps.campaigns.views.frame import campaign_page, done_or_told, may_change
from apps.core import clock


@require_GET
@requires("campaigns.view_expectation", on=Campaign)
def campaign_expectation(request: UserRequest, campaign: Campaign) -> HttpResponse:
    return _expectation_page(request, campaign)


@require_POST
@requires("campaigns.change_expectation", on=Campaign)
def expectation_set(request: UserRequest, campaign: Campaign) -> HttpResponse:
    form = _curve_form(campaign, selectors.expectation_of(campaign), data=request.POST)
    if form.is_valid():
        alert, seen, now = form.cleaned_data["alert_percent"], form.seen, clock.now()
        if forms.attempt(
            form,
            lambda: services.expectation_set(
                campaign=campaign,
                points=form.points,
                alert_percent=alert,
                by=request.user,
                now=now,
                seen=seen,
            ),
        ):
            messages.success(
                request, _("Saved. Where a month has changed, who had acknowledged it is asked again.")
            )
            return redirect("campaigns:expectation", campaign.pk)
    return _expectation_page(request, campaign, form=form)


@require_POST
@requires("campaigns.add_stakeholder", on=Campaign)
def stakeholder_add(request: UserRequest, campaign: Campaign) -> HttpResponse:
    form = forms.StakeholderAdd(request.POST)
    if form.is_valid():
        person, now = form.cleaned_data["user"], clock.now()
        if forms.attempt(
            form, lambda: services.stakeholder_add(campaign=campaign, user=person, by=request.user, now=now)
        ):
            messages.success(request, _("%(person)s is asked to acknowledge it.") % {"person": person})
            return redirect("campaigns:expectation", campaign.pk)
    return _expectation_page(request, campaign, person_form=form)


@require_POST
@requires("campaigns.delete_stakeholder", on=Stakeholder)
def stakeholder_remove(request: UserRequest, stakeholder: Stakeholder) -> HttpResponse:
    person, now = stakeholder.user, clock.now()
    if done_or_told(
        request, lambda: services.stakeholder_remove(stakeholder=stakeholder, by=request.user, now=now)
    ):
        messages.success(request, _("%(person)s is not asked any more.") % {"person": person})
    return redirect("campaigns:expectation", stakeholder.campaign_id)


@require_POST
@requires("campaigns.acknowledge_stakeholder", on=Stakeholder)
def expectation_acknowledge(request: UserRequest, stakeholder: Stakeholder) -> HttpResponse:
    form = forms.Acknowledge(request.POST)
    seen = form.cleaned_data["version"] if form.is_valid() else 0
    now = clock.now()
    if done_or_told(
        request,
        lambda: services.expectation_acknowledge(
            stakeholder=stakeholder, by=request.user, now=now, seen=seen
        ),
    ):
        messages.success(request, _("Thank you: you know what to expect, and that is on record."))
    return redirect("campaigns:expectation", stakeholder.campaign_id)


def _curve_form(
    campaign: Campaign, expectation: Expectation | None, *, data: Any = None, shape: str = ""
) -> forms.ExpectationCurve:
    """Make the form with what is written down, or with the suggested shape."""
    period, target = period_of(campaign), campaign.goal_target
    decimals = 2 if campaign.goal_measure == Campaign.GoalMeasure.VALUE else 0
    said = expectation.by_month if expectation else {}
    if target and (shape in Shape.values or not expectation):
        chosen = Shape(shape) if shape in Shape.values else Shape.EVEN
        said = expectations.suggest(period, target, chosen, decimals=decimals)
    initial: dict[str, Any] = {f"{month:%Y-%m}": f"{amount:.{decimals}f}" for month, amount in said.items()}
    initial["version"] = expectation.version if expectation else 0
    initial["alert_percent"] = expectation.alert_percent if expectation else 20
    months = expectations.months_of(period)
    return forms.ExpectationCurve(data, months=months, decimals=decimals, initial=initial)


def _expectation_page(
    request: UserRequest,
    campaign: Campaign,
    *,
    form: forms.ExpectationCurve | None = None,
    person_form: forms.StakeholderAdd | None = None,
) -> HttpResponse:
    now = clock.now()
    view = selectors.expectation_view(campaign, now)
    shape = request.GET.get("shape", "")
    may = may_change(request, campaign)
    stakeholders = selectors.stakeholders_of(campaign)
    own = next((one for one in stakeholders if one.user_id == request.user.pk), None)
    ends = bool(campaign.goal_target and campaign.goal_date)
    if may and ends and form is None:
        form = _curve_form(campaign, view.expectation if view else None, shape=shape)
    return campaign_page(
        request,
        campaign,
        tab="detail",
        template="campaigns/campaign_expectation.html",
        now=now,
        view=view,
        months=_months_told(campaign, view.standing) if view else [],
        form=form,
        shape=shape,
        shapes=Shape.choices,
        has_end=ends,
        stakeholders=stakeholders,
        own=own,
        person_form=person_form or forms.StakeholderAdd(),
        may_change=may,
    )


def _months_told(campaign: Campaign, standing: Standing) -> list[tuple[str, str, str, str]]:
    """Return each month with what was expected by its end, what had come, and the difference."""

    def told(amount: Any) -> str:
        return "" if amount is None else expectations.amount_text(campaign, amount)

    return [
        (expectations.month_text(one.month), told(one.expected), told(one.reached), told(one.difference))
        for one in standing.months
    ]
