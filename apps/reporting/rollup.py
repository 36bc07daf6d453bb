"""
The statements that count in sets: events into conversions, conversions and ledger into roll-ups.

Services call these; nothing else writes the tables of this app.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from apps.campaigns.models import Campaign
from apps.campaigns.worth import worth_sql
from apps.reporting.measures import Measure
from apps.reporting.models import ArmResult, MessageResult
from apps.segments import rules

# What a measure compares: events of those written to, those held out and those in the control group, from the
# hour the message was due, so that all have the same time. `is_credited` asks more: the mail had left, and no
# later one of the campaign had. A mail may be settled after its click: what was credited to an earlier one is
# then put right.
RECORD = """
    INSERT INTO reporting_conversion AS kept (
        message_id, contact_id, recipient_id, measure, is_holdout, is_control, is_credited, event_id,
        occurred_at, value
    )
    SELECT DISTINCT ON (r.message_id, r.contact_id, e.id)
           r.message_id, r.contact_id, r.id, %(measure)s, r.reason = 'holdout', r.reason = 'control',
           r.state = 'sent' AND r.finished_at <= e.occurred_at AND NOT EXISTS (
               SELECT FROM messaging_recipient other
               JOIN messaging_message om ON om.id = other.message_id AND om.campaign_id = %(campaign)s
               WHERE other.contact_id = r.contact_id AND other.state = 'sent'
                 AND other.finished_at <= e.occurred_at
                 AND (other.finished_at, other.id) > (r.finished_at, r.id)
           ),
           e.id, e.occurred_at, {worth}
    FROM messaging_recipient r
    JOIN messaging_message m ON m.id = r.message_id AND m.campaign_id = %(campaign)s
    JOIN contacts_event e ON e.contact_id = r.contact_id
    WHERE (r.state = 'sent' OR r.reason IN ('holdout', 'control')) AND e.name = %(event)s
      AND e.occurred_at >= coalesce(m.scheduled_at, m.launched_at)
      AND e.occurred_at < coalesce(m.scheduled_at, m.launched_at) + make_interval(days => %(days)s)
      AND e.occurred_at >= %(start)s AND e.occurred_at < %(end)s AND e.received_at <= %(now)s
      AND {news} AND {where}
    ORDER BY r.message_id, r.contact_id, e.id, r.id
    ON CONFLICT (message_id, measure, contact_id, event_id) DO UPDATE SET is_credited = excluded.is_credited
        WHERE kept.is_credited <> excluded.is_credited
"""
# Two statements and not one with OR: each begins at what is new, the few events or the few mails.
NEW_EVENTS = "e.received_at >= %(since)s"
# People whose mail left since then. What they had done before was nobody's conversion yet, while the same
# done by someone held out was counted at once.
NEW_MAILS = """r.contact_id IN (
    SELECT gone.contact_id FROM messaging_recipient gone
    JOIN messaging_message gm ON gm.id = gone.message_id AND gm.campaign_id = %(campaign)s
     AND (gm.finished_at IS NULL OR gm.finished_at >= %(since)s)
    WHERE gone.state = 'sent' AND gone.finished_at >= %(since)s
)"""

# One row per arm and measure even when nobody converted: zero is a finding.
ARMS = """
    INSERT INTO reporting_armresult (
        message_id, arm, measure, people, converted, conversions, credited, credited_value, value,
        value_squares, refreshed_at
    )
    WITH arms AS (
        SELECT r.message_id, CASE r.state WHEN 'sent' THEN 'sent' ELSE r.reason END AS arm,
               count(*) AS people
        FROM messaging_recipient r
        JOIN messaging_message m ON m.id = r.message_id AND m.campaign_id = %(campaign)s
        WHERE r.state = 'sent' OR r.reason IN ('holdout', 'control') GROUP BY 1, 2
    ), per_person AS (
        SELECT c.message_id, c.measure,
               CASE WHEN c.is_holdout THEN 'holdout' WHEN c.is_control THEN 'control' ELSE 'sent' END AS arm,
               count(*) AS conversions, count(*) FILTER (WHERE c.is_credited) AS credited,
               coalesce(sum(c.value) FILTER (WHERE c.is_credited), 0) AS credited_value,
               coalesce(sum(c.value), 0) AS value
        FROM reporting_conversion c
        JOIN messaging_message m ON m.id = c.message_id AND m.campaign_id = %(campaign)s
        GROUP BY 1, 2, 3, c.contact_id
    )
    SELECT arms.message_id, arms.arm, wanted.measure, arms.people, count(p.arm),
           coalesce(sum(p.conversions), 0),
           coalesce(sum(p.credited), 0), coalesce(sum(p.credited_value), 0), coalesce(sum(p.value), 0),
           coalesce(sum(p.value * p.value), 0), %(now)s
    FROM arms CROSS JOIN unnest(%(measures)s::text[]) AS wanted(measure)
    LEFT JOIN per_person p USING (message_id, arm, measure)
    GROUP BY arms.message_id, arms.arm, wanted.measure, arms.people
"""

# People, not hits: someone who opened five times is one; a machine's hit counts only where no person's did.
# `figures.people_behind` lists them with the same bound of time.
MESSAGES = """
    INSERT INTO reporting_messageresult (
        message_id, audience, sent, waiting, excluded, lost, opened, opened_machine, clicked, clicked_machine,
        bounced, complained, unsubscribed, refreshed_at
    )
    WITH ledger AS (
        SELECT r.message_id, count(*) AS audience,
               count(*) FILTER (WHERE r.state = 'sent') AS sent,
               count(*) FILTER (
                   WHERE r.state IN ('awaiting', 'planned', 'queued', 'leased', 'sending')
               ) AS waiting,
               count(*) FILTER (WHERE r.state IN ('excluded', 'skipped')) AS excluded,
               count(*) FILTER (WHERE r.state IN ('failed', 'unknown', 'cancelled', 'expired')) AS lost
        FROM messaging_recipient r
        JOIN messaging_message m ON m.id = r.message_id AND m.campaign_id = %(campaign)s GROUP BY 1
    ), hits AS (
        SELECT e.message_id, e.kind, e.recipient_id, bool_or(e.machine_reason = '') AS is_human
        FROM messaging_deliveryevent e
        JOIN messaging_message m ON m.id = e.message_id AND m.campaign_id = %(campaign)s
        WHERE e.at <= %(now)s GROUP BY 1, 2, 3
    ), people AS (
        SELECT message_id,
               count(*) FILTER (WHERE kind = 'opened' AND is_human) AS opened,
               count(*) FILTER (WHERE kind = 'opened' AND NOT is_human) AS opened_machine,
               count(*) FILTER (WHERE kind = 'clicked' AND is_human) AS clicked,
               count(*) FILTER (WHERE kind = 'clicked' AND NOT is_human) AS clicked_machine,
               count(*) FILTER (WHERE kind = 'bounced') AS bounced,
               count(*) FILTER (WHERE kind = 'complained') AS complained,
               count(*) FILTER (WHERE kind = 'unsubscribed') AS unsubscribed
        FROM hits GROUP BY 1
    )
    SELECT message_id, audience, sent, waiting, excluded, lost,
           coalesce(opened, 0), coalesce(opened_machine, 0), coalesce(clicked, 0),
           coalesce(clicked_machine, 0), coalesce(bounced, 0), coalesce(complained, 0),
           coalesce(unsubscribed, 0), %(now)s
    FROM ledger LEFT JOIN people USING (message_id)
"""


def conversions_record(
    campaign: Campaign,
    measure: Measure,
    *,
    since: datetime | None,
    start: datetime,
    end: datetime,
    now: datetime,
) -> None:
    """
    Write the conversions of one measure that events received and mails sent from `since` on make; None: all.

    `start` and `end` bound when the events happened, so that only those months' partitions are read.
    """
    where, params = rules.event_where(measure.event, measure.where, now=now)
    names = [f"where_{place}" for place in range(len(params))]
    named = where % tuple(f"%({name})s" for name in names)
    values = {
        **dict(zip(names, params, strict=True)),
        "measure": measure.key,
        "campaign": campaign.pk,
        "value_property": measure.value_property,
        "event": measure.event,
        "days": campaign.conversion_window_days,
        "start": start,
        "end": end,
        "since": since,
        "now": now,
    }
    worth = worth_sql("e.properties", "%(value_property)s")
    with connection.cursor() as cursor:
        for news in (NEW_EVENTS, NEW_MAILS) if since else ("true",):
            cursor.execute(RECORD.format(worth=worth, news=news, where=named), values)


def arms_sum(campaign: Campaign, measures: Sequence[Measure], *, now: datetime) -> None:
    """Sum conversions per arm and measure anew, for all messages of the campaign."""
    ArmResult.objects.filter(message__campaign=campaign).delete()
    keys = [measure.key for measure in measures]
    with connection.cursor() as cursor:
        cursor.execute(ARMS, {"campaign": campaign.pk, "measures": keys, "now": now})


def messages_sum(campaign: Campaign, *, now: datetime) -> None:
    """Count the ledger, and delivery events up to `now`, anew for all launched messages of the campaign."""
    MessageResult.objects.filter(message__campaign=campaign).delete()
    with connection.cursor() as cursor:
        cursor.execute(MESSAGES, {"campaign": campaign.pk, "now": now})
