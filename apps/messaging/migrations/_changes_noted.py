"""
Triggers that note whose membership in segments may have changed by what messages did, a statement at a time.

As those of the contacts' tables, which segments have: one row per statement and topic; `apps/messaging/rules.py`
has the words. A send moves each row three times, so nothing is noted while no living segment asks about messages.
Rows are made waiting or left out, never sent: their INSERT, which may be of millions, changes nobody.
"""

# More contacts than this in one statement are not named: everybody is asked, which is cheaper by then.
NAMED = 20_000
NOTE = f"""
    IF NOT EXISTS (
        SELECT FROM segments_segment WHERE archived_at IS NULL AND 'message' = ANY(watches)
    ) THEN
        RETURN NULL;
    END IF;
    INSERT INTO segments_segmentchange (at, topics, contacts)
    SELECT clock_timestamp(), ARRAY[topic],
           CASE WHEN count(DISTINCT contact_id) <= {NAMED} THEN array_agg(DISTINCT contact_id) END
    FROM ({{rows}}) AS noted (contact_id, topic)
    GROUP BY topic;
    RETURN NULL;
"""
# What differs of the two sides: who got it now, who is another contact since a merge.
SENT = "SELECT id, contact_id, message_id, finished_at FROM {side} WHERE state = 'sent'"
SENT_CHANGED = f"""
    SELECT contact_id, 'message:received' FROM (
        ({SENT.format(side='fresh')} EXCEPT {SENT.format(side='gone')})
        UNION ALL ({SENT.format(side='gone')} EXCEPT {SENT.format(side='fresh')})
    ) AS moved
"""
# Only what people do is asked about; a click that turns out to be a machine's was one before.
DONE = """
    SELECT contact_id, 'message:' || kind FROM {side}
    WHERE machine_reason = '' AND kind IN ('opened', 'clicked', 'bounced')
"""
DONE_CHANGED = f"{DONE.format(side='fresh')} UNION ALL {DONE.format(side='gone')}"
TABLES = {"INSERT": "NEW TABLE AS fresh", "UPDATE": "OLD TABLE AS gone NEW TABLE AS fresh"}


def trigger(table: str, act: str, rows: str) -> tuple[str, str]:
    """Return the SQL that makes a trigger with its function, and that which takes both away."""
    name = f"{table}_segments_{act.lower()}"
    make = f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN {NOTE.format(rows=rows)} END $$;
        CREATE TRIGGER {name} AFTER {act} ON {table} REFERENCING {TABLES[act]}
            FOR EACH STATEMENT EXECUTE FUNCTION {name}();
    """
    return make, f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}();"


def triggers() -> list[tuple[str, str]]:
    return [
        trigger("messaging_recipient", "UPDATE", SENT_CHANGED),
        trigger("messaging_deliveryevent", "INSERT", DONE.format(side="fresh")),
        trigger("messaging_deliveryevent", "UPDATE", DONE_CHANGED),
    ]
