"""
How often a person is written to: claimed by one upsert for all the contacts of a batch.

A claim is an entry in the contact's one tally. Whether one more is within every cap is asked where the row
is held: by the condition of ON CONFLICT, which PostgreSQL asks of the row as it is once all others who write
it are done. So two workers cannot both count first and send afterwards, midnight or not.
"""

from collections.abc import Mapping, Sequence

from apps.messaging import sql
from apps.messaging.delivery.outcome import Outcome
from apps.messaging.models import Recipient

# After `asked`: only rows that are still this lease's claim, and they are locked first, so that none is
# counted that somebody took back meanwhile. Sorted: two workers with the same contacts wait, and not in a
# circle. A contact that is twice in a batch waits for the next one. The first message is always within a cap.
_CLAIM = """
    , ours AS MATERIALIZED (
        SELECT asked.id, asked.contact_id
        FROM {source} AS asked JOIN messaging_recipient AS r ON r.id = asked.id
        WHERE asked.verdict = 'sending' AND r.lease_token = %(token)s AND (r.state = 'leased') IS TRUE
        FOR NO KEY UPDATE OF r
    ), counted AS MATERIALIZED (
        SELECT DISTINCT ON (contact_id) ours.id, contact_id,
            (%(now)s::timestamptz AT TIME ZONE messaging_zone(c.timezone, %(zone)s))::date AS day
        FROM ours JOIN contacts_contact AS c ON c.id = contact_id ORDER BY contact_id, ours.id
    ), claimed AS (
        INSERT INTO messaging_captally AS tally (contact_id, entries)
        SELECT contact_id, jsonb_build_array(jsonb_build_object(
            'id', id, 'day', day, 'channel', %(channel)s::text, 'topic', %(topic)s::text
        ))
        FROM counted ORDER BY contact_id
        ON CONFLICT (contact_id) DO UPDATE SET entries = excluded.entries || (
            SELECT coalesce(jsonb_agg(one), '[]') FROM jsonb_array_elements(tally.entries) AS one
            WHERE one ->> 'id' <> excluded.entries #>> '{{0,id}}'
            AND (one ->> 'day')::date > (excluded.entries #>> '{{0,day}}')::date - %(longest)s::int
        )
        WHERE NOT EXISTS (
            SELECT FROM jsonb_to_recordset(%(caps)s::jsonb)
                AS cap (most int, days int, channel text, topic text)
            WHERE cap.most <= (
                SELECT count(*) FROM jsonb_to_recordset(tally.entries)
                    AS one (id text, day date, channel text, topic text)
                WHERE one.id <> excluded.entries #>> '{{0,id}}'
                AND one.day > (excluded.entries #>> '{{0,day}}')::date - cap.days
                AND cap.channel IN ('', one.channel) AND cap.topic IN ('', one.topic)
            )
        )
        RETURNING contact_id
    ), capped AS MATERIALIZED (
        SELECT asked.id, asked.address, asked.mail_id, {due_at} AS due_at,
            CASE WHEN is_over THEN 'capped' ELSE asked.exclusion END AS exclusion,
            CASE
                WHEN asked.verdict <> 'sending' OR claimed.contact_id IS NOT NULL AND counted.id IS NOT NULL
                    THEN asked.verdict
                WHEN is_over THEN 'skipped'
                ELSE 'queued' END AS verdict
        FROM {source} AS asked
        LEFT JOIN counted ON counted.id = asked.id
        LEFT JOIN claimed ON claimed.contact_id = counted.contact_id
        CROSS JOIN LATERAL (SELECT counted.id IS NOT NULL AND claimed.contact_id IS NULL AS is_over) AS over
    ), noted AS (
        INSERT INTO messaging_rulenote (recipient_id, contact_id, rule, at, facts)
        SELECT counted.id, counted.contact_id, 'cap', %(now)s, %(caps)s::jsonb
        FROM counted JOIN capped ON capped.id = counted.id AND capped.exclusion = 'capped'
    )
"""


def claim(*, source: str, due_at: str = "NULL::timestamptz") -> str:
    """Return the steps that follow `source`, whose `due_at` is passed on; rows are then read of `capped`."""
    return _CLAIM.format(source=source, due_at=due_at)


_GIVE_BACK = """
    WITH free AS MATERIALIZED (
        SELECT id, contact_id FROM messaging_recipient
        WHERE id = ANY(%(ids)s::bigint[]) AND (state IN ('queued', 'planned', 'failed')) IS TRUE
    ), held AS MATERIALIZED (
        SELECT contact_id FROM messaging_captally
        WHERE contact_id IN (SELECT contact_id FROM free) ORDER BY contact_id FOR NO KEY UPDATE
    )
    UPDATE messaging_captally AS tally SET entries = (
        SELECT coalesce(jsonb_agg(one), '[]') FROM jsonb_array_elements(tally.entries) AS one
        WHERE NOT EXISTS (SELECT FROM free WHERE free.id::text = one ->> 'id')
    )
    FROM held WHERE tally.contact_id = held.contact_id
"""


def give_back(outcomes: Mapping[int, Outcome]) -> None:
    """Count those no more that have not been sent: back in line, or refused. `unknown` ones may have been."""
    give_back_rows([pk for pk, outcome in outcomes.items() if outcome.state != Recipient.State.SENT])


def give_back_rows(ids: Sequence[int]) -> None:
    """Count those of these rows no more that are back in line, or failed."""
    if ids:
        sql.run(_GIVE_BACK, {"ids": ids})
