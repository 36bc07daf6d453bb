"""The budgets of all campaigns, for who answers for the whole."""

from dataclasses import replace
from datetime import date, datetime

from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse_lazy
from django.utils import formats
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_GET

from apps.accounts.http import UserRequest, requires
from apps.campaigns import selectors
from apps.campaigns.forms.plan import CURRENCIES
from apps.campaigns.models import CampaignQuerySet
from apps.core import clock
from apps.core.downloads import csv_download
from apps.core.htmx import render_page_or_fragment
from apps.core.lists import Column, Filter, ListQuery, ListSpec

LIST = ListSpec(
    columns=[
        Column(_l("Campaign"), sort="name"),
        Column(_l("Planned"), is_number=True),
        Column(_l("Committed"), is_number=True),
        Column(_l("Actual"), is_number=True),
        Column(_l("Remaining"), is_number=True),
        Column(_l("Forecast"), is_number=True),
    ],
    default_sort="-updated_at",
    search_hint=_l("Search by campaign"),
    csv_url=reverse_lazy("campaigns:budgets_csv"),  # type: ignore[arg-type]  # a lazy string
)


@require_GET
@requires("campaigns.view_budgets")
def budget_list(request: UserRequest) -> HttpResponse:
    now = clock.now()
    asked = _asked(request, now)
    year = _year(asked, now)
    among = _among(request, asked, year)
    listing = asked.page(among)
    months = [formats.date_format(date(year, month, 1), "M") for month in range(1, 13)]
    context = {
        "listing": listing,
        "budgets": selectors.budgets_sum(listing.rows, among, year=year, now=now),
        "year": year,
        "months": months,
        "is_narrowed": bool(asked.search or asked.values.get("currency")),
    }
    return render_page_or_fragment(request, "campaigns/budget_list.html", context, fragment="budgets-list")


@require_GET
@requires("campaigns.view_budgets")
def budget_list_csv(request: UserRequest) -> HttpResponseBase:
    """The same by campaign and month, a row each."""
    now = clock.now()
    asked = _asked(request, now)
    year = _year(asked, now)
    found = selectors.budgets_by_month(_among(request, asked, year), year=year, now=now)
    rows = (
        (
            name,
            currency,
            f"{month:%Y-%m}",
            sums.planned,
            sums.committed,
            sums.actual,
            sums.remaining,
            sums.forecast,
        )
        for name, currency, month, sums in found
    )
    heads = ["campaign", "currency", "month", "planned", "committed", "actual", "remaining", "forecast"]
    return csv_download(f"budgets-{year}", heads, rows)


def _asked(request: UserRequest, now: datetime) -> ListQuery:
    query = request.GET.copy()
    query["year"] = query.get("year") or str(now.year)  # all years would be no plan
    filters = [
        Filter("year", _l("Year"), [(str(year), str(year)) for year in selectors.budget_years(now)]),
        Filter("currency", _l("Currency"), [(code, code) for code in CURRENCIES]),
    ]
    return replace(LIST, filters=filters).read(query)


def _year(asked: ListQuery, now: datetime) -> int:
    return int(asked.values.get("year", now.year))


def _among(request: UserRequest, asked: ListQuery, year: int) -> CampaignQuerySet:
    currency = asked.values.get("currency", "")
    return selectors.campaigns_with_budget(request.user, year=year, currency=currency, search=asked.search)
