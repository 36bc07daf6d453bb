"""The function that gives a person's time zone, or another."""

# PostgreSQL stops a statement at a zone that it does not know, and zones come from everywhere. One that it
# does not know is taken for the other, so that one person's zone is in nobody else's way.
MAKE = """
CREATE FUNCTION messaging_zone(zone text, otherwise text) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF zone = '' THEN
        RETURN otherwise;
    END IF;
    PERFORM now() AT TIME ZONE zone;
    RETURN zone;
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN otherwise;
END $$
"""
DROP = "DROP FUNCTION messaging_zone(text, text)"
