from django.db import migrations


def week_make(apps, schema_editor):
    apps.get_model("campaigns", "WorkWeek").objects.get_or_create(pk=1)


class Migration(migrations.Migration):

    dependencies = [("campaigns", "0029_expectations"),  
    ]

    operations = [
        migrations.RunPython(week_make, migrations.RunPython.noop),
    ]
