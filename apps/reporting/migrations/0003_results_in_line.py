import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("reporting", "0002_sums_without_bounds"),
    ]

    operations = [
        migrations.AddField(
            model_name="campaignresult",
            name="due_at",
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.AddField(
            model_name="campaignresult",
            name="tried_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name="campaignresult",
            name="refreshed_at",
            field=models.DateTimeField(null=True),
        ),
    ]
