import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("campaigns", "0002_goal_reached_without_bounds"),
    ]

    operations = [
        migrations.CreateModel(
            name="GoalCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("counted_by", models.JSONField()),
                ("horizon", models.DateTimeField()),
                ("days", models.JSONField()),
                (
                    "campaign",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="goal_count",
                        to="campaigns.campaign",
                    ),
                ),
            ],
        ),
    ]
