from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.operations import AddIndexConcurrently, TrigramExtension
from django.db import migrations
from django.db.models.functions import Upper


class Migration(migrations.Migration):
    """The search box finds any part of a task's title."""

    atomic = False
    dependencies = [("campaigns", "0027_calendar_feed"),  ]
    operations = [
        TrigramExtension(),
        AddIndexConcurrently(
            model_name="task",
            index=GinIndex(OpClass(Upper("title"), "gin_trgm_ops"), name="campaigns_task_title"),
        ),
    ]
