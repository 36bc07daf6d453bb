"""
Triggers that note whose membership in segments may have changed, a statement at a time.

They stand on the tables of a lower room, so that no path which writes there can forget it: forms, imports,
ingest, merges, erasures, mends. One row per statement and topic; `apps/segments/rules/needs.py` has the words.
"""

# More contacts than this in one statement are not named: everybody is asked, which is cheaper by then.
NAMED = 20_000
# Up to so many rows, an update of contacts says which attributes changed; beyond, only that some did.
DETAILED = 1_000

NOTE = f"""
    INSERT INTO segments_segmentchange (at, topics, contacts)
    SELECT clock_timestamp(), ARRAY[topic],
           CASE WHEN count(*) <= {NAMED} THEN array_agg({{which}}contact_id) END
    FROM ({{rows}}) AS noted (contact_id, topic)
    GROUP BY topic;
"""
# Table → what a row of it is about. `it` is the row.
ABOUT = {
    "contacts_event": "SELECT contact_id, 'event:' || name FROM {it}",
    "contacts_consent": "SELECT contact_id, 'consent:' || channel || ':' || topic FROM {it}",
    "contacts_companymember": "SELECT contact_id, 'company' FROM {it}",
    "segments_contactlistmember": "SELECT contact_id, 'list:' || contact_list_id FROM {it}",
}
CONTACT_ADDED = f"""
    INSERT INTO segments_segmentchange (at, topics, contacts)
    SELECT clock_timestamp(), ARRAY['contact'], CASE WHEN count(*) <= {NAMED} THEN array_agg(id) END
    FROM fresh HAVING count(*) > 0;
"""
CONTACT_GONE = CONTACT_ADDED.replace("fresh", "gone")
CONTACT_CHANGED = f"""
    IF (SELECT count(*) FROM (SELECT FROM fresh LIMIT {DETAILED + 1}) AS first) > {DETAILED} THEN
        INSERT INTO segments_segmentchange (at, topics, contacts)
        SELECT clock_timestamp(),
               ARRAY[CASE WHEN bool_or(f.erased_at IS DISTINCT FROM g.erased_at)
                     THEN 'contact' ELSE 'attribute' END],
               CASE WHEN count(*) <= {NAMED} THEN array_agg(f.id) END
        FROM fresh AS f JOIN gone AS g USING (id);
        RETURN NULL;
    END IF;
    INSERT INTO segments_segmentchange (at, topics, contacts)
    SELECT clock_timestamp(), array_agg(DISTINCT changed.topic), array_agg(DISTINCT f.id)
    FROM fresh AS f JOIN gone AS g USING (id)
    CROSS JOIN LATERAL (
        SELECT 'contact' WHERE f.erased_at IS DISTINCT FROM g.erased_at
        UNION ALL SELECT 'column:email' WHERE f.email <> g.email
        UNION ALL SELECT 'column:phone' WHERE f.phone <> g.phone
        UNION ALL SELECT 'column:timezone' WHERE f.timezone <> g.timezone
        UNION ALL
        SELECT 'attribute:' || key FROM jsonb_object_keys(f.attributes || g.attributes) AS key
        WHERE f.attributes <> g.attributes AND f.attributes -> key IS DISTINCT FROM g.attributes -> key
    ) AS changed (topic)
    HAVING count(*) > 0;
"""
COMPANY_CHANGED = NOTE.format(
    which="DISTINCT ",
    rows="""
        SELECT member.contact_id, 'company'
        FROM fresh AS f JOIN gone AS g USING (id)
        JOIN contacts_companymember AS member ON member.company_id = f.id
        WHERE (f.name, f.domain, f.attributes) IS DISTINCT FROM (g.name, g.domain, g.attributes)
    """
)
# Whatever a rule may say of it. Its index and its words for people are not among that.
MEANING = "(key, type, applies_to, uses, removed_at)"
DICTIONARY_CHANGED = f"""
    INSERT INTO segments_segmentchange (at, topics, contacts)
    SELECT clock_timestamp(),
           ARRAY['dictionary', CASE applies_to WHEN 'company' THEN 'company' ELSE 'attribute:' || key END],
           NULL
    FROM (
        (SELECT {MEANING[1:-1]} FROM {{first}} EXCEPT SELECT {MEANING[1:-1]} FROM {{second}})
        UNION (SELECT {MEANING[1:-1]} FROM {{second}} EXCEPT SELECT {MEANING[1:-1]} FROM {{first}})
    ) AS entry;
"""
DICTIONARY_ENTRY = """
    INSERT INTO segments_segmentchange (at, topics, contacts)
    SELECT clock_timestamp(),
           ARRAY['dictionary', CASE applies_to WHEN 'company' THEN 'company' ELSE 'attribute:' || key END],
           NULL
    FROM {it};
"""
# Members that somebody else moved or deleted, with a person who is erased or found to be another one. Whoever
# counts for themselves says so: they would look again at what they have just seen.
MEMBERS_TAKEN = f"""
    INSERT INTO segments_segmentchange (at, topics, contacts, segment_id)
    SELECT clock_timestamp(), ARRAY['size'],
           CASE WHEN count(*) <= {NAMED} THEN array_agg(DISTINCT contact_id) END, segment_id
    FROM ({{rows}}) AS taken (segment_id, contact_id)
    GROUP BY segment_id;
"""
UNCOUNTED = "WHEN (current_setting('bookend.members_counted', true) IS DISTINCT FROM 'on')"
OLD, NEW = "OLD TABLE AS gone", "NEW TABLE AS fresh"
TABLES = {"INSERT": NEW, "UPDATE": f"{OLD} {NEW}", "DELETE": OLD}


def trigger(table: str, act: str, body: str, when: str = "") -> tuple[str, str]:
    """Return the SQL that makes a trigger with its function, and that which takes both away."""
    name = f"{table}_segments_{act.lower()}"
    make = f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN {body} RETURN NULL; END $$;
        CREATE TRIGGER {name} AFTER {act} ON {table} REFERENCING {TABLES[act]}
            FOR EACH STATEMENT {when} EXECUTE FUNCTION {name}();
    """
    return make, f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}();"


def noted(table: str, rows: str, act: str) -> str:
    """Return the body for rows that came, went, or changed from one to the other."""
    sides = {"INSERT": ["fresh"], "DELETE": ["gone"], "UPDATE": ["fresh", "gone"]}[act]
    # Of one call, a contact may have many events. Anything else a contact has once, and sorting costs.
    which = "DISTINCT " if "contacts_event" in table else ""
    return NOTE.format(which=which, rows=" UNION ".join(rows.format(it=side) for side in sides))


def triggers() -> list[tuple[str, str]]:
    members = "SELECT segment_id, contact_id FROM {it}"
    return [
        *(trigger(table, act, noted(table, rows, act)) for table, rows in ABOUT.items() for act in TABLES),
        trigger("contacts_contact", "INSERT", CONTACT_ADDED),
        trigger("contacts_contact", "UPDATE", CONTACT_CHANGED),
        trigger("contacts_contact", "DELETE", CONTACT_GONE),
        trigger("contacts_company", "UPDATE", COMPANY_CHANGED),
        trigger("contacts_attribute", "INSERT", DICTIONARY_ENTRY.format(it="fresh")),
        trigger("contacts_attribute", "UPDATE", DICTIONARY_CHANGED.format(first="fresh", second="gone")),
        trigger("contacts_attribute", "DELETE", DICTIONARY_ENTRY.format(it="gone")),
        trigger(
            "segments_segmentmember",
            "UPDATE",
            MEMBERS_TAKEN.format(rows=f"{members.format(it='gone')} UNION {members.format(it='fresh')}"),
            UNCOUNTED,
        ),
        trigger(
            "segments_segmentmember", "DELETE", MEMBERS_TAKEN.format(rows=members.format(it="gone")), UNCOUNTED
        ),
    ]
