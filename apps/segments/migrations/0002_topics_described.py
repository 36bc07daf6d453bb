"""Describe the topics that rules of segments speak of already, each under its very words."""

from django.db import migrations

# Wherever in a rule; in “lax” mode `**` looks into arrays twice.
DESCRIBE = """
    INSERT INTO contacts_topic
        (key, name, description, channels, is_public, position, created_at, updated_at)
    SELECT topic, topic, '', array_agg(DISTINCT channel ORDER BY channel), false, 0, now(), now()
    FROM (
        SELECT found->>'topic' AS topic, COALESCE(found->>'channel', 'email') AS channel
        FROM segments_segment, jsonb_path_query(rule, 'strict $.**.consent', silent => true) AS found
        WHERE jsonb_typeof(found) = 'object'
    ) AS told
    WHERE topic <> '' AND length(topic) <= 64 AND channel IN ('email', 'sms')
    GROUP BY topic
    ON CONFLICT (key) DO UPDATE SET channels = (
        SELECT array_agg(DISTINCT channel ORDER BY channel)
        FROM unnest(contacts_topic.channels || EXCLUDED.channels) AS channel
    )
"""


class Migration(migrations.Migration):
    dependencies = [("segments", "0001_initial"), ("contacts", "0013_topics_described")]

    operations = [migrations.RunSQL(DESCRIBE, migrations.RunSQL.noop)]
