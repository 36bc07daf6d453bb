"""Describe the topics that messages speak of already, each under its very words; the messages stay as they are."""

from django.db import migrations

DESCRIBE = """
    INSERT INTO contacts_topic
        (key, name, description, channels, is_public, position, created_at, updated_at)
    SELECT DISTINCT topic, topic, '', ARRAY['email'], false, 0, now(), now()
    FROM messaging_message WHERE topic <> ''
    ON CONFLICT (key) DO UPDATE SET channels = contacts_topic.channels || EXCLUDED.channels
    WHERE NOT contacts_topic.channels @> EXCLUDED.channels
"""


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0005_exclusion_merged"),
        ("contacts", "0013_topics_described"),
    ]

    operations = [migrations.RunSQL(DESCRIBE, migrations.RunSQL.noop)]
