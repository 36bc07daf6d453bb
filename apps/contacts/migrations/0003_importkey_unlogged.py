from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("contacts", "0002_event_partitions")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE contacts_importkey SET UNLOGGED", "ALTER TABLE contacts_importkey SET LOGGED"
        )
    ]
