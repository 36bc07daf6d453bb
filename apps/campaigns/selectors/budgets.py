"""The money of all campaigns. Amounts of different currencies are never added up."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Exists, OuterRef

from apps.accounts.models import User
from apps.campaigns.budget import Amounts, month_first, total_of
from apps.campaigns.models import BudgetLine, BudgetLineQuerySet, Campaign, CampaignQuerySet
from apps.campaigns.selectors.budget import amounts_in, with_sums

MONTHS = range(1, 13)
YEARS_BACK, YEARS_AHEAD = 3, 2


@dataclass(frozen=True)
class BudgetRow:
    """One campaign, or one currency: its sums of the year, and its forecast month by month."""

    campaign: Campaign | None
    currency: str
    total: Amounts
    months: Sequence[Decimal]


@dataclass(frozen=True)
class Budgets:
    rows: Sequence[BudgetRow]
    totals: Sequence[BudgetRow]  # one for each currency, of all campaigns that are asked for


def budget_years(now: datetime) -> list[int]:
    return list(range(now.year - YEARS_BACK, now.year + YEARS_AHEAD + 1))


def campaigns_with_budget(user: User, *, year: int, currency: str = "", search: str = "") -> CampaignQuerySet:
    """Return the campaigns that have a line in this year, those put away too: their money was spent."""
    lines = _of_year(year).filter(campaign=OuterRef("pk"))
    found = Campaign.objects.visible_to(user).filter(Exists(lines)).select_related("captain")
    if currency:
        found = found.filter(currency=currency)
    return found.filter(name__icontains=search) if search else found


def budgets_sum(
    campaigns: Sequence[Campaign], among: CampaignQuerySet, *, year: int, now: datetime
) -> Budgets:
    """Add up the campaigns of one page, and each currency over all that are `among` them; two queries."""
    this_month = month_first(now.date())
    lines = _of_year(year)
    by_campaign: dict[int, dict[int, Amounts]] = defaultdict(dict)
    own = with_sums(lines.filter(campaign__in=campaigns), this_month=this_month, by=("campaign", "month"))
    for row in own:
        by_campaign[row["campaign"]][row["month"].month] = amounts_in(row)
    by_currency: dict[str, dict[int, Amounts]] = defaultdict(dict)
    everything = lines.filter(campaign__in=among.order_by().values("pk"))
    for row in with_sums(everything, this_month=this_month, by=("campaign__currency", "month")):
        by_currency[row["campaign__currency"]][row["month"].month] = amounts_in(row)
    return Budgets(
        rows=[_row(one, one.currency, by_campaign[one.pk]) for one in campaigns],
        totals=[_row(None, currency, found) for currency, found in sorted(by_currency.items())],
    )


def budgets_by_month(
    among: CampaignQuerySet, *, year: int, now: datetime
) -> Iterator[tuple[str, str, date, Amounts]]:
    """Yield name, currency, month and sums of each campaign in each month that has a line."""
    lines = _of_year(year).filter(campaign__in=among.order_by().values("pk"))
    by = ("campaign", "campaign__name", "campaign__currency", "month")
    rows = with_sums(lines, this_month=month_first(now.date()), by=by)
    for row in rows.order_by("campaign__name", "campaign", "month").iterator():
        yield row["campaign__name"], row["campaign__currency"], row["month"], amounts_in(row)


def _of_year(year: int) -> BudgetLineQuerySet:
    return BudgetLine.objects.standing().filter(month__gte=date(year, 1, 1), month__lte=date(year, 12, 1))


def _row(campaign: Campaign | None, currency: str, by_month: dict[int, Amounts]) -> BudgetRow:
    months = [by_month.get(month, Amounts()).forecast for month in MONTHS]
    return BudgetRow(campaign, currency, total_of(by_month.values()), months)
