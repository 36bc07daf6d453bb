"""The budget as a spreadsheet: out, in, what it would change, and its being done."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.http import UserRequest, requires
from apps.campaigns import budgetfile, forms, selectors, services
from apps.campaigns.budgetdiff import Report
from apps.campaigns.models import BudgetLine, BudgetUpload, Campaign
from apps.campaigns.views.frame import campaign_page
from apps.core import clock
from apps.core.downloads import csv_download

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN = 100  # of each kind; the counts are of all


@require_GET
@requires("campaigns.view_budgetline", on=Campaign)
def budget_download(request: UserRequest, campaign: Campaign) -> HttpResponseBase:
    """Give the standing lines as CSV, or with `?format=xlsx` as a workbook."""
    now = clock.now()
    lines = BudgetLine.objects.standing().filter(campaign=campaign).select_related("channel")
    lines = lines.order_by("month", "id")
    name = f"budget-{slugify(campaign.name)[:60] or campaign.pk}"
    if request.GET.get("format") == "xlsx":
        response = HttpResponse(budgetfile.workbook(lines, campaign=campaign, at=now), content_type=XLSX)
        response.headers["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
        return response
    rows = (budgetfile.cells_of(line, campaign=campaign, at=now) for line in lines.iterator())
    return csv_download(name, budgetfile.COLUMNS, rows)


@require_http_methods(["GET", "POST"])
@requires("campaigns.add_budgetline", on=Campaign)
def budget_upload_add(request: UserRequest, campaign: Campaign) -> HttpResponse:
    form = forms.BudgetFile(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file, now = form.cleaned_data["file"], clock.now()
        upload = forms.attempt(
            form,
            lambda: services.budget_upload_keep(campaign=campaign, file=file, by=request.user, now=now),
        )
        if upload:
            return redirect("campaigns:budget_upload", upload.pk)
    return campaign_page(
        request,
        campaign,
        tab="budget",
        template="campaigns/budget_upload_add.html",
        now=clock.now(),
        form=form,
        columns=budgetfile.COLUMNS,
        most=budgetfile.MOST_ROWS,
    )


@require_GET
@requires("campaigns.view_budgetupload", on=BudgetUpload)
def budget_upload(request: UserRequest, budgetupload: BudgetUpload) -> HttpResponse:
    return _report_page(request, budgetupload)


@require_http_methods(["POST"])
@requires("campaigns.apply_budgetupload", on=BudgetUpload)
def budget_upload_apply(request: UserRequest, budgetupload: BudgetUpload) -> HttpResponse:
    allowed = selectors.budget_channels_of(request.user, budgetupload.campaign)
    report = selectors.budget_upload_report(budgetupload, allowed=allowed)
    form = forms.BudgetApply(request.POST, conflicts=[change.line.pk for change in report.meanwhile])
    if form.is_valid():
        take, digest, now = form.cleaned_data["take"], form.cleaned_data["digest"], clock.now()
        if forms.attempt(
            form,
            lambda: services.budget_upload_apply(
                upload=budgetupload, allowed=allowed, take=take, digest=digest, by=request.user, now=now
            ),
        ):
            messages.success(request, _applied_told(report, len(take)))
            return redirect("campaigns:budget", budgetupload.campaign_id)
    return _report_page(request, budgetupload, form=form)


def _applied_told(report: Report, taken: int) -> str:
    count = len(report.added) + len(report.changed) + len(report.removed) + taken
    told = ngettext(
        "%(count)s line has been brought up to date.", "%(count)s lines have been brought up to date.", count
    )
    return told % {"count": count}


def _report_page(
    request: UserRequest, upload: BudgetUpload, *, form: forms.BudgetApply | None = None
) -> HttpResponse:
    allowed = selectors.budget_channels_of(request.user, upload.campaign)
    report = selectors.budget_upload_report(upload, allowed=allowed)
    who = selectors.last_changed_by(change.line for change in report.meanwhile)
    channels = {channel.pk: str(channel) for channel in upload.campaign.channels.all()}
    context: dict[str, Any] = {
        "upload": upload,
        "report": report,
        "form": form,
        "added": [
            (row, channels.get(row.values["channel_id"], ""), row.row in report.twins)  # type: ignore[call-overload]
            for row in report.added[:SHOWN]
        ],
        "meanwhile": [(change, who.get(change.line.pk, "")) for change in report.meanwhile[:SHOWN]],
        "shown": SHOWN,
        "totals": [
            (_(name.capitalize()), before, report.after[name]) for name, before in report.before.items()
        ],
        "may_apply": report.may_apply and upload.applied_at is None,
    }
    return campaign_page(
        request,
        upload.campaign,
        tab="budget",
        template="campaigns/budget_upload.html",
        now=clock.now(),
        **context,
    )
