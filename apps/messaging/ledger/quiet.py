"""Quiet hours where people are: they hold a mail until they end, and never drop it."""

from apps.messaging.hours import local, quiet_end

# After `asked`: adds `due_at`, until when a row is held. Where clocks change, see `hours`.
_CLOCK = local("%(now)s::timestamptz", "place.zone")
_END = quiet_end("clock.at", "place.zone", starts="%(starts)s::time", ends="%(ends)s::time")
HOLD = f"""
    , clocks AS MATERIALIZED (
        SELECT asked.*, place.zone, CASE WHEN asked.verdict = 'sending' THEN {_END} END AS due_at
        FROM asked JOIN contacts_contact AS c ON c.id = asked.contact_id
        CROSS JOIN LATERAL (SELECT messaging_zone(c.timezone, %(zone)s) AS zone) AS place
        CROSS JOIN LATERAL (SELECT {_CLOCK} AS at) AS clock
    ), hushed AS MATERIALIZED (
        SELECT id, contact_id, address, mail_id, exclusion, zone, due_at,
            CASE WHEN due_at IS NULL THEN verdict ELSE 'planned' END AS verdict
        FROM clocks
    ), hushed_noted AS (
        INSERT INTO messaging_rulenote (recipient_id, contact_id, rule, at, until, facts)
        SELECT hushed.id, hushed.contact_id, 'quiet', %(now)s, hushed.due_at, jsonb_build_object(
            'starts', %(starts)s::time::text, 'ends', %(ends)s::time::text, 'zone', hushed.zone
        )
        FROM hushed JOIN messaging_recipient AS r ON r.id = hushed.id
        WHERE hushed.due_at IS NOT NULL AND r.lease_token = %(token)s AND (r.state = 'leased') IS TRUE
    )
"""
