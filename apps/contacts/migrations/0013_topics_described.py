"""
Describe the topics that consent speaks of already, each under its very words.

Nothing that names a topic is touched: not the ledger, which is only appended to, nor where people stand. Two
spellings of one topic stay two, for nobody here can know that the people behind them meant the same.
"""

from django.db import migrations

DESCRIBE = """
    INSERT INTO contacts_topic
        (key, name, description, channels, is_public, position, created_at, updated_at)
    SELECT topic, topic, '', array_agg(DISTINCT channel ORDER BY channel), false, 0, now(), now()
    FROM (
        SELECT topic, channel FROM contacts_consent WHERE topic <> ''
        UNION
        SELECT topic, channel FROM contacts_consentevent WHERE topic <> ''
        UNION
        SELECT consent->>'topic', COALESCE(consent->>'channel', 'email') FROM contacts_importfile
        WHERE COALESCE(consent->>'topic', '') <> ''
    ) AS told
    GROUP BY topic
    ON CONFLICT (key) DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0012_topics")]

    operations = [migrations.RunSQL(DESCRIBE, migrations.RunSQL.noop)]
