from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from apps.campaigns.models import Campaign
from apps.campaigns.progress import GoalProgress, Period, period_of
from apps.segments.rules import RuleInvalid, event_where

# Each counts by day, in UTC. A person counts on the first day. A value that is not a number is worth nothing.
_BY_MEASURE = {
    Campaign.GoalMeasure.PEOPLE: """
        SELECT day, count(*) FROM (
            SELECT (min(occurred_at) AT TIME ZONE 'UTC')::date AS day
            FROM contacts_event WHERE {where} GROUP BY contact_id
        ) AS first_time GROUP BY day ORDER BY day
    """,
    Campaign.GoalMeasure.EVENTS: """
        SELECT (occurred_at AT TIME ZONE 'UTC')::date AS day, count(*)
        FROM contacts_event WHERE {where} GROUP BY day ORDER BY day
    """,
    Campaign.GoalMeasure.VALUE: """
        SELECT (occurred_at AT TIME ZONE 'UTC')::date AS day,
            sum(CASE jsonb_typeof(properties->%s) WHEN 'number' THEN (properties->>%s)::numeric END)
        FROM contacts_event WHERE {where} GROUP BY day ORDER BY day
    """,
}


def goal_progress(campaign: Campaign, now: datetime) -> GoalProgress:
    """
    Count the goal from the events of everybody, in one statement over the goal's own events.

    The outcome is what real people do, whoever wrote to them; what the messages did for it is told by the
    results, against the holdout.
    """
    period = period_of(campaign)
    rows, problem = [], ""
    if campaign.goal_event:
        try:
            rows = _rows(campaign, period, now)
        except RuleInvalid as fault:  # a condition that the grammar does not know any more
            problem = str(fault)
    days, reached = [], Decimal(0)
    for day, count in rows:
        reached += count or 0
        days.append((day, reached))
    return GoalProgress(period=period, target=campaign.goal_target, at=now, days=days, problem=problem)


def _rows(campaign: Campaign, period: Period, now: datetime) -> list[tuple[date, Decimal | None]]:
    where = ["name = %s", "occurred_at >= %s"]
    params: list[Any] = [campaign.goal_event, period.begins_at]
    if period.ends_at is not None:
        where.append("occurred_at < %s")
        params.append(period.ends_at)
    conditions = event_where(campaign.goal_event, campaign.goal_where, now=now)
    measure = Campaign.GoalMeasure(campaign.goal_measure)
    worth = [campaign.value_property] * 2 if measure == Campaign.GoalMeasure.VALUE else []
    query = _BY_MEASURE[measure].replace("{where}", " AND ".join([*where, conditions.text]))
    with connection.cursor() as cursor:
        cursor.execute(query, [*worth, *params, *conditions.params])
        rows: list[tuple[date, Decimal | None]] = cursor.fetchall()
    return rows
