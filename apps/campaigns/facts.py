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
from apps.campaigns import readiness, strategy
from apps.campaigns.budget import month_first
from apps.campaigns.dates import day_begun
from apps.campaigns.models import Approval, BudgetLine, Campaign, Stakeholder, YearGoal
from apps.campaigns.selectors.budget import with_sums
from apps.contacts.models import Event
from apps.contacts.selectors import scans_done
from apps.segments.selectors import vocabulary_rows

# How many of the latest goal events are looked at for the properties that the goal needs.
SAMPLE = 1000
WORDS = "words"  # the group of what a rule may speak of


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
        **_words(campaign),
        **_approvals(campaign),
        readiness.OVERRIDES: _rows(
            campaign.overrides.order_by(),
            pk="pk",
            check_name="check_name",
            reason="reason",
            at="at",
            by="by",
            name="by__name",
            email="by__email",
        ),
        "goal_events": _goal_events(campaign),
        "scan_at": Subquery(scans_done().values("finished_at")[:1]),
        "scan_score": Subquery(scans_done().values("score")[:1]),
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


def _goal_events(campaign: Campaign) -> ArraySubquery:
    """The latest goal events; only the last one, where the goal reads no properties."""
    reads = campaign.value_property or any(one.get("op") != "missing" for one in campaign.goal_where)
    events = Event.objects.filter(name=campaign.goal_event).order_by("-occurred_at")
    row = JSONObject(at="occurred_at", properties="properties")
    return ArraySubquery(events.values(row=row)[: SAMPLE if reads else 1])


def _approvals(campaign: Campaign) -> Mapping[str, Any]:
    """What was last approved of each part, of a campaign that asks for it."""
    if not campaign.asks_approvals:
        return {}
    return {"approved": _rows(Approval.objects.approved_last(campaign), part="part", snapshot="snapshot")}


def _words(campaign: Campaign) -> Mapping[str, Any]:
    """What the rule of the audience may speak of, where it has to be asked: nobody has counted it yet."""
    if not is_uncounted(campaign):
        return {}
    return readiness.fact_group(WORDS, vocabulary_rows())


def is_uncounted(campaign: Campaign) -> bool:
    """Test if the rule of the audience was written since its people were last counted."""
    segment = campaign.segment
    return segment is not None and (segment.size is None or segment.is_stale)


def _rows(found: "QuerySet[Any]", **fields: Any) -> ArraySubquery:
    return ArraySubquery(found.values(row=JSONObject(**fields)))
