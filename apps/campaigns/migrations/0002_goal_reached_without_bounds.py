from django.db import migrations, models


class Migration(migrations.Migration):
    """A wider column of the same scale: nothing is written anew."""

    dependencies = [
        ("campaigns", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="campaign",
            name="goal_reached",
            field=models.DecimalField(blank=True, decimal_places=4, max_digits=30, null=True),
        ),
    ]
