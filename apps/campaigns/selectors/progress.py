from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from apps.campaigns.metrics import built_in
from apps.campaigns.models import Campaign, GoalCount, Kpi
from apps.campaigns.progress import GoalProgress, Period, period_of
from apps.campaigns.worth import worth_sql
from apps.segments.rules import RuleInvalid, event_where

ByDay = dict[date, Decimal]
# Each counts by day, in UTC, what {asked} and {where} say. A person counts on the first day, and only who did
# nothing of it that was {before}.
_BY_MEASURE = {
    Campaign.GoalMeasure.PEOPLE: """
        SELECT day, count(*) FROM (
            SELECT contact_id, (min(occurred_at) AT TIME ZONE 'UTC')::date AS day
            FROM contacts_event WHERE {where} AND {asked} GROUP BY contact_id
        ) AS first_time
        WHERE NOT EXISTS (
            SELECT FROM contacts_event
            WHERE contacts_event.contact_id = first_time.contact_id AND {where} AND {before}
        ) GROUP BY day
    """,
    Campaign.GoalMeasure.EVENTS: """
        SELECT (occurred_at AT TIME ZONE 'UTC')::date AS day, count(*)
        FROM contacts_event WHERE {where} AND {asked} GROUP BY day
    """,
    Campaign.GoalMeasure.VALUE: """
        SELECT (occurred_at AT TIME ZONE 'UTC')::date AS day, sum({worth})
        FROM contacts_event WHERE {where} AND {asked} GROUP BY day
    """,
}
# What is asked, and what before it counts already: everything; or all up to the horizon; or what came since.
_ALL = ("true", "false")
_UNTIL = ("received_at < %(horizon)s", "false")
_SINCE = ("received_at >= %(horizon)s", "received_at < %(horizon)s")


def goal_progress(campaign: Campaign, now: datetime) -> GoalProgress:
    """
    Tell how far the goal is: what was counted last, and the events that were received since.

    The outcome is what real people do, whoever wrote to them; what the messages did for it is told by the
    results, against the holdout. After the last day only the count itself is told, which is taken again now
    and then. A goal that has just been set is counted here and now.
    """
    period = period_of(campaign)
    by_day: ByDay = {}
    counted_at, problem = now, ""
    if campaign.goal_event:
        kept = goal_count_kept(campaign)
        try:
            if kept is None:
                by_day = _count(_goal(campaign), period, now, _ALL)
            elif kept.is_after(period.ends_at):
                by_day, counted_at = kept.by_day, kept.horizon
            else:
                by_day = _sum(kept.by_day, _count(_goal(campaign), period, now, _SINCE, horizon=kept.horizon))
        except RuleInvalid as fault:  # a condition that the grammar does not know any more
            problem = str(fault)
    days, reached = [], Decimal(0)
    for day in sorted(by_day):
        reached += by_day[day]
        days.append((day, reached))
    return GoalProgress(
        period=period,
        target=campaign.goal_target,
        at=now,
        counted_at=counted_at,
        days=days,
        problem=problem,
    )


def goal_count_kept(campaign: Campaign) -> GoalCount | None:
    """Return what was counted of the goal as it is now; None if that has not been yet."""
    joined = campaign._state.fields_cache  # by `shown`: pages have it with the campaign
    if "goal_count" not in joined:
        return GoalCount.objects.filter(campaign=campaign, counted_by=goal_counted_by(campaign)).first()
    kept: GoalCount | None = joined["goal_count"]
    return kept if kept and kept.counted_by == goal_counted_by(campaign) else None


def goal_counted_by(campaign: Campaign) -> list[Any]:
    """Return all that decides what the goal counts, as JSON that can be compared."""
    period = period_of(campaign)
    return [
        campaign.goal_event,
        campaign.goal_where,
        campaign.goal_measure,
        campaign.value_property,
        period.first.isoformat(),
        period.last.isoformat() if period.last else None,
    ]


def goal_days(campaign: Campaign, now: datetime, *, horizon: datetime) -> ByDay:
    """
    Count the goal by day from all events received before `horizon`.

    :raises RuleInvalid: a condition is not understood
    """
    return _count(_goal(campaign), period_of(campaign), now, _UNTIL, horizon=horizon)


@dataclass(frozen=True)
class Asked:
    """What is counted: the campaign's goal, or one of its KPIs."""

    event: str
    where: list[dict[str, Any]]
    measure: Campaign.GoalMeasure
    value_property: str


def kpi_reached(kpi: Kpi, now: datetime) -> Decimal | None:
    """
    Count what a KPI has reached in the days of its campaign; None: it cannot be counted, or not yet.

    All its events are read: for the watch, not for a page.
    """
    metric = kpi.metric
    if metric.built_in:
        known = built_in(metric.built_in)
        return known.count(kpi.campaign, now) if known else None
    asked = Asked(metric.event, metric.where, Campaign.GoalMeasure(metric.measure), metric.value_property)
    try:
        return sum(_count(asked, period_of(kpi.campaign), now, _ALL).values(), Decimal(0))
    except RuleInvalid:  # a condition that the grammar does not know any more
        return None


def _goal(campaign: Campaign) -> Asked:
    measure = Campaign.GoalMeasure(campaign.goal_measure)
    return Asked(campaign.goal_event, campaign.goal_where, measure, campaign.value_property)


def _count(
    counted: Asked,
    period: Period,
    now: datetime,
    received: tuple[str, str],
    *,
    horizon: datetime | None = None,
) -> ByDay:
    conditions = event_where(counted.event, counted.where, now=now)
    names = [f"where_{place}" for place in range(len(conditions.params))]
    where = ["name = %(event)s", "occurred_at >= %(begins_at)s"]
    if period.ends_at is not None:
        where.append("occurred_at < %(ends_at)s")
    where.append(conditions.text % tuple(f"%({name})s" for name in names))
    asked, before = received
    query = _BY_MEASURE[counted.measure].format(
        where=" AND ".join(where), asked=asked, before=before, worth=worth_sql("properties", "%(worth)s")
    )
    values = {
        **dict(zip(names, conditions.params, strict=True)),
        "event": counted.event,
        "begins_at": period.begins_at,
        "ends_at": period.ends_at,
        "horizon": horizon,
        "worth": counted.value_property,
    }
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        rows: list[tuple[date, Decimal | None]] = cursor.fetchall()
    return {day: Decimal(count or 0) for day, count in rows}


def _sum(kept: Mapping[date, Decimal], new: Mapping[date, Decimal]) -> ByDay:
    both: defaultdict[date, Decimal] = defaultdict(Decimal, kept)
    for day, count in new.items():
        both[day] += count
    return both
