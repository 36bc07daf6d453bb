from django.db import migrations

from apps.core.partitions import table_partition


def partition(apps, editor):
    table_partition(editor, "messaging_deliveryevent", by="at")


class Migration(migrations.Migration):
    dependencies = [("messaging", "0001_initial")]

    operations = [migrations.RunPython(partition, migrations.RunPython.noop)]
