from django.db import migrations

from apps.campaigns import shipped


def load(apps, schema_editor):
    shipped.load(
        apps.get_model("campaigns", "PlanTemplate"), apps.get_model("campaigns", "PlanTemplateItem")
    )


class Migration(migrations.Migration):

    dependencies = [("campaigns", "0014_task_ends_after_start"),   
    ]

    operations = [
        migrations.RunPython(load, migrations.RunPython.noop),
    ]
