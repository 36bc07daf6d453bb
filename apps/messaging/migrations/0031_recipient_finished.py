from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("messaging", "0030_changes_noted_for_segments")]

    operations = [
        AddIndexConcurrently(
            model_name="recipient",
            index=BrinIndex(fields=["finished_at"], autosummarize=True, name="messaging_recipient_finished"),
        ),
    ]
