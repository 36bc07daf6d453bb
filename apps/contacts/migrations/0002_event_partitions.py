from django.db import migrations

from apps.core.partitions import table_partition


def partition(apps, editor):
    table_partition(editor, "contacts_event", by="occurred_at")


class Migration(migrations.Migration):
    dependencies = [("contacts", "0001_initial")]

    operations = [migrations.RunPython(partition, migrations.RunPython.noop)]
