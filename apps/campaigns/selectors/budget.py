from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Case, F, QuerySet, Sum, When

from apps.campaigns.budget import Amounts, Cell, Summary, month_first, summarise
from apps.campaigns.models import BudgetLine, BudgetLineQuerySet, Campaign, Channel

WHOLE = "none"  # as a filter: what belongs to no channel


def budget_lines(campaign: Campaign, *, channel: str = "", month: str = "") -> BudgetLineQuerySet:
    """Return the lines of a campaign, narrowed, with what a row shows."""
    found = BudgetLine.objects.standing().filter(campaign=campaign).select_related("channel")
    if channel == WHOLE:
        found = found.filter(channel__isnull=True)
    elif channel:
        found = found.filter(channel__kind=channel)
    return found.filter(month=f"{month}-01") if month else found


def budget_summary(campaign: Campaign, now: datetime) -> Summary:
    """Add up a campaign's budget, in one query however many lines it has."""
    lines = BudgetLine.objects.standing().filter(campaign=campaign)
    rows = with_sums(lines, this_month=month_first(now.date()), by=("channel", "month"))
    return summarise([Cell(row["channel"], row["month"], amounts_in(row)) for row in rows])


def with_sums(
    lines: BudgetLineQuerySet, *, this_month: date, by: tuple[str, ...]
) -> "QuerySet[BudgetLine, dict[str, Any]]":
    """Return one row per group with the sums that `amounts_in` reads; `budget.Amounts` says what they are."""
    will_cost = Case(When(month__lt=this_month, then=F("actual")), default=F("due"))
    sums: QuerySet[BudgetLine, dict[str, Any]] = (
        lines.with_bound()
        .order_by()
        .values(*by)
        .annotate(
            sum_planned=Sum("planned"),
            sum_committed=Sum("committed"),
            sum_actual=Sum("actual"),
            sum_bound=Sum("bound"),
            sum_forecast=Sum(will_cost),
        )
    )
    return sums


def amounts_in(row: dict[str, Any]) -> Amounts:
    names = ("sum_planned", "sum_committed", "sum_actual", "sum_bound", "sum_forecast")
    return Amounts(*(row[name] for name in names))


def spend_by_channel(channels: Sequence[Channel]) -> dict[int, tuple[Decimal, Decimal]]:
    """Return what is planned and what has been spent, by the channel's id, where there is a line."""
    lines = BudgetLine.objects.standing().filter(channel__in=channels).order_by()
    rows = lines.values_list("channel").annotate(Sum("planned"), Sum("actual"))
    return {pk: (planned, actual) for pk, planned, actual in rows}
