"""A saved version of a template is never changed."""

# The author may become unknown (SET NULL); nothing else of a version ever changes.
FREEZE = """
CREATE FUNCTION content_version_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a saved version of a template is never changed' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER content_version_frozen
    BEFORE UPDATE OF template_id, number, subject, preheader, mjml, html, text, note, at
    ON content_templateversion FOR EACH ROW EXECUTE FUNCTION content_version_frozen();
"""
THAW = """
DROP TRIGGER content_version_frozen ON content_templateversion;
DROP FUNCTION content_version_frozen();
"""
