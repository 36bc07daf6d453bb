"""The budget of one campaign: its figures, and its lines, edited where they stand."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from apps.accounts.http import UserRequest, requires
from apps.campaigns import challenges, forms, selectors, services
from apps.campaigns.budget import month_first
from apps.campaigns.models import BudgetLine, Campaign
from apps.campaigns.views.budget_figures import figures_of
from apps.campaigns.views.frame import campaign_page, done_or_told, may_challenge
from apps.core import clock
from apps.core.htmx import wants_fragment
from apps.core.lists import Column, Filter, ListSpec

CHANGED = "budget-changed"
LINES = ListSpec(
    columns=[
        Column(_l("What for"), sort="label"),
        Column(_l("Channel")),
        Column(_l("Month"), sort="month"),
        Column(_l("Planned"), sort="planned", is_number=True, descends_first=True),
        Column(_l("Committed"), sort="committed", is_number=True, descends_first=True),
        Column(_l("Actual"), sort="actual", is_number=True, descends_first=True),
        Column(""),
    ],
    default_sort="month",
    has_search=False,
)


@require_GET
@requires("campaigns.view_budgetline", on=Campaign)
def campaign_budget(request: UserRequest, campaign: Campaign) -> HttpResponse:
    return _budget_page(request, campaign)


@require_GET
@requires("campaigns.view_budgetline", on=Campaign)
def budget_figures(request: UserRequest, campaign: Campaign) -> HttpResponse:
    """The sums, which ask for themselves again when a line beside them has changed."""
    context = {"campaign": campaign, "figures": figures_of(campaign, clock.now())}
    return render(request, "campaigns/_budget_figures.html", context)


@require_POST
@requires("campaigns.add_budgetline", on=Campaign)
def budget_line_add(request: UserRequest, campaign: Campaign) -> HttpResponse:
    form = forms.BudgetLineAdd(request.POST, campaign=campaign)
    if form.is_valid():
        _own_channel_only(request, form, campaign)
    if form.is_valid():
        fields, key, now = form.fields_cleaned, form.cleaned_data["key"], clock.now()
        if forms.attempt(
            form,
            lambda: services.budget_line_add(campaign=campaign, by=request.user, now=now, key=key, **fields),
        ):
            messages.success(request, _("The line has been added."))
            return redirect("campaigns:budget", campaign.pk)
    return _budget_page(request, campaign, form=form)


@require_GET
@requires("campaigns.view_budgetline", on=BudgetLine)
def budget_line(request: UserRequest, budgetline: BudgetLine) -> HttpResponse:
    """One line: its page, where it is talked about; or, in the table, its row."""
    if wants_fragment(request):
        return _row(request, budgetline)
    return _line_page(request, budgetline, _line_form(budgetline))


@require_http_methods(["GET", "POST"])
@requires("campaigns.change_budgetline", on=BudgetLine)
def budget_line_update(request: UserRequest, budgetline: BudgetLine) -> HttpResponse:
    """The form of a line: on its page, or in the table in place of its row."""
    form = _line_form(budgetline, data=request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        _own_channel_only(request, form, budgetline.campaign)
    if form.is_bound and form.is_valid():
        fields, seen, now = form.fields_cleaned, form.seen, clock.now()
        line = forms.attempt(
            form,
            lambda: services.budget_line_update(
                line=budgetline, by=request.user, now=now, seen=seen, **fields
            ),
        )
        if line and wants_fragment(request):
            return trigger_client_event(_row(request, line), CHANGED)
        if line:
            messages.success(request, _("Saved."))
            return redirect("campaigns:budget", line.campaign_id)
    if wants_fragment(request):
        context = {"line": budgetline, "form": form, "campaign": budgetline.campaign}
        return render(request, "campaigns/_budget_line_form.html", context)
    return _line_page(request, budgetline, form)


@require_POST
@requires("campaigns.delete_budgetline", on=BudgetLine)
def budget_line_remove(request: UserRequest, budgetline: BudgetLine) -> HttpResponse:
    now = clock.now()
    if not done_or_told(
        request, lambda: services.budget_line_remove(line=budgetline, by=request.user, now=now)
    ):
        return redirect("campaigns:budget", budgetline.campaign_id)
    back = reverse("campaigns:budget", args=[budgetline.campaign_id])
    return redirect(f"{back}?removed={budgetline.pk}")


@require_POST
@requires("campaigns.delete_budgetline", on=BudgetLine)
def budget_line_restore(request: UserRequest, budgetline: BudgetLine) -> HttpResponse:
    now = clock.now()
    if done_or_told(request, lambda: services.budget_line_restore(line=budgetline, by=request.user, now=now)):
        messages.success(request, _("“%(line)s” is back.") % {"line": budgetline})
    return redirect("campaigns:budget", budgetline.campaign_id)


def _own_channel_only(
    request: UserRequest, form: forms.BudgetLineAdd | forms.BudgetLineEdit, campaign: Campaign
) -> None:
    """Refuse a line outside the own channel to who leads nothing else: the edge asks what may be."""
    becomes = BudgetLine(campaign=campaign, channel=form.cleaned_data["channel"])
    if not request.user.has_perm("campaigns.change_budgetline", becomes):
        form.add_error("channel", _("You may plan the money of your own channel."))


def _line_form(line: BudgetLine, *, data: Any = None) -> forms.BudgetLineEdit:
    names = [name for name in forms.BudgetLineEdit.base_fields if name != "version"]
    prefix_id = f"line-{line.pk}-%s"  # several may be open in one table
    return forms.BudgetLineEdit(data, line=line, initial=forms.initial_of(line, names), auto_id=prefix_id)


def _row(request: UserRequest, line: BudgetLine) -> HttpResponse:
    context = {"line": _movable(request, [line], line.campaign)[0], "campaign": line.campaign}
    return render(request, "campaigns/_budget_line.html", context)


def _movable(request: UserRequest, lines: list[BudgetLine], campaign: Campaign) -> list[BudgetLine]:
    """Say of each row whether this person may change it."""
    for line in lines:
        line.campaign = campaign
        may = campaign.archived_at is None and request.user.has_perm("campaigns.change_budgetline", line)
        line.may_change = may  # type: ignore[attr-defined]
    return lines


def _budget_page(
    request: UserRequest, campaign: Campaign, *, form: forms.BudgetLineAdd | None = None
) -> HttpResponse:
    now = clock.now()
    figures = figures_of(campaign, now)
    kinds = [(channel.kind, channel.get_kind_display()) for channel in campaign.channels.all()]
    months = [(f"{month:%Y-%m}", label) for month, label, *_amounts in figures.months]
    spec = replace(
        LINES,
        filters=[
            Filter("channel", _l("Channel"), [(selectors.WHOLE, _l("Whole campaign")), *kinds]),
            Filter("month", _l("Month"), months),
        ],
    )
    asked = spec.read(request.GET)
    listing = asked.page(selectors.budget_lines(campaign, **asked.values))
    _movable(request, listing.rows, campaign)
    may_add = campaign.archived_at is None and request.user.has_perm("campaigns.add_budgetline", campaign)
    initial = {"month": month_first(now.date())}
    return campaign_page(
        request,
        campaign,
        tab="budget",
        fragment="budget-list",
        now=now,
        figures=figures,
        listing=listing,
        removed=_removed(request, campaign),
        form=(form or forms.BudgetLineAdd(campaign=campaign, initial=initial)) if may_add else None,
    )


def _removed(request: UserRequest, campaign: Campaign) -> BudgetLine | None:
    """Return the line that has just been removed, for the way back; None if it stands."""
    asked = request.GET.get("removed", "")
    if not asked.isdecimal() or len(asked) > 18:  # the digits that a key can have
        return None
    gone = BudgetLine.objects.filter(campaign=campaign, removed_at__isnull=False)
    line = gone.select_related("channel").filter(pk=int(asked)).first()
    return line if line and request.user.has_perm("campaigns.delete_budgetline", line) else None


def _line_page(request: UserRequest, line: BudgetLine, form: forms.BudgetLineEdit) -> HttpResponse:
    campaign = line.campaign
    is_kept = campaign.archived_at is None
    return campaign_page(
        request,
        campaign,
        tab="budget",
        template="campaigns/budget_line_detail.html",
        now=clock.now(),
        line=line,
        form=form,
        holds=challenges.open_shown(campaign, line),
        may_challenge=line.removed_at is None and may_challenge(request, campaign),
        may_change=is_kept and request.user.has_perm("campaigns.change_budgetline", line),
    )
