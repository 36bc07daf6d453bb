"""
What readiness reads of a campaign beside the campaign itself: expressions over its row.

All of them are asked in one statement (`readiness.fact`), so that a page of twenty checks does not ask twenty
times.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, QuerySet, Subquery
from django.db.models.functions import JSONObject

from apps.accounts.selectors import called
from apps.campaigns import strategy
from apps.campaigns.budget import month_first
from apps.campaigns.dates import day_begun
from apps.campaigns.models import BudgetLine, Campaign, Stakeholder, YearGoal
from apps.campaigns.selectors.budget import with_sums


def facts_of(campaign: Campaign, now: datetime) -> Mapping[str, Any]:
    """Return each fact by its name; those of several rows are lists of objects."""
    due = campaign.tasks.open().filter(due_date__lte=campaign.launch_date or day_begun(now)).order_by()
    short = campaign.shortfalls.filter(month=month_first(now.date()))
    money: Any = with_sums(
        BudgetLine.objects.standing().filter(campaign=campaign),
        this_month=month_first(now.date()),
        by=("campaign",),
    )
    asked = Stakeholder.objects.filter(campaign=campaign).order_by("pk")
    year = strategy.year_of(campaign, today=now.date())
    return {
        "overridden": ArraySubquery(campaign.overrides.order_by("pk").values("check_name")),
        "kpis": _rows(campaign.kpis.order_by("position", "pk"), name="metric__name", reason="reason"),
        "elements": _rows(
            campaign.element_owners.order_by("pk"),
            element="element",
            marketing="marketing_owner_id",
            data="data_owner_id",
        ),
        "stakeholders": _rows(asked, name=called("user"), acknowledged="acknowledged_at"),
        "signed_by": Subquery(campaign.signoffs.order_by("-at", "-pk").values(who=called("by"))[:1]),
        "year_goal": Subquery(YearGoal.objects.filter(pk=campaign.year_goal_id or 0).values("name")),
        "year_has_goals": Exists(YearGoal.objects.filter(year=year)),
        "tasks_due": Subquery(due.values("campaign").annotate(n=Count("pk")).values("n")),
        "planned": Subquery(money.values("sum_planned")),
        "forecast": Subquery(money.values("sum_forecast")),
        "short_at": Subquery(short.values("at")[:1]),
        "short_expected": Subquery(short.values("expected")[:1]),
        "short_reached": Subquery(short.values("reached")[:1]),
    }


def _rows(found: "QuerySet[Any]", **fields: Any) -> ArraySubquery:
    return ArraySubquery(found.values(row=JSONObject(**fields)))
