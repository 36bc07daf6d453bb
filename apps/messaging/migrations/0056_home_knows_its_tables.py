"""What a database calls itself has the number of a table in it now; the one that sends goes on sending."""

from django.db import migrations

WAS = "c.system_identifier || '/' || d.oid"
IS = f"{WAS} || '/' || 'messaging_sendinghome'::regclass::oid"
RENAME = """
    UPDATE messaging_sendinghome AS home SET database = {new}
    FROM pg_control_system() AS c, pg_database AS d
    WHERE d.datname = current_database() AND home.database = {old}
"""


class Migration(migrations.Migration):
    dependencies = [("messaging", "0055_message_resumed_at")]
    operations = [migrations.RunSQL(RENAME.format(new=IS, old=WAS), RENAME.format(new=WAS, old=IS))]
