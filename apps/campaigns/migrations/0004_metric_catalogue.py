import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0003_goal_count"),   
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Metric",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("version", models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("definition", models.TextField(max_length=2000, verbose_name="what it means")),
                (
                    "kind",
                    models.CharField(
                        choices=[("value", "Value"), ("tactical", "Tactical")],
                        default="tactical",
                        max_length=8,
                        verbose_name="label",
                    ),
                ),
                ("unit", models.CharField(max_length=24, verbose_name="unit")),
                ("built_in", models.CharField(blank=True, max_length=32, verbose_name="counted by")),
                ("event", models.CharField(blank=True, max_length=128, verbose_name="event")),
                ("where", models.JSONField(blank=True, default=list, verbose_name="only where")),
                (
                    "measure",
                    models.CharField(
                        choices=[
                            ("people", "People who did it"),
                            ("events", "Times it happened"),
                            ("value", "Value of what happened"),
                        ],
                        default="people",
                        max_length=8,
                        verbose_name="counted as",
                    ),
                ),
                (
                    "value_property",
                    models.CharField(blank=True, max_length=128, verbose_name="property with the value"),
                ),
                ("definition_number", models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                (
                    "archived_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="put away"),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
            ],
            options={"verbose_name": "metric", "verbose_name_plural": "metrics", "ordering": ["name", "id"]},
        ),
        migrations.CreateModel(
            name="MetricVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("says", models.JSONField()),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "metric",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="campaigns.metric",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="metric",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("name"),
                name="campaigns_metric_name_once",
                violation_error_message="There is a metric of that name already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="metric",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("built_in", ""), models.Q(("event", ""), _negated=True)),
                    models.Q(models.Q(("built_in", ""), _negated=True), ("event", "")),
                    _connector="OR",
                ),
                name="campaigns_metric_counted_one_way",
                violation_error_message="A metric is counted from an event, or it is built in.",
            ),
        ),
        migrations.AddConstraint(
            model_name="metric",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("measure", "value"), _negated=True),
                    models.Q(("value_property", ""), _negated=True),
                    models.Q(("built_in", ""), _negated=True),
                    _connector="OR",
                ),
                name="campaigns_metric_value_has_property",
                violation_error_message="A value needs the property that carries it.",
            ),
        ),
        migrations.AddConstraint(
            model_name="metricversion",
            constraint=models.UniqueConstraint(
                fields=("metric", "number"), name="campaigns_metricversion_once"
            ),
        ),
        # Not there yet: the next migration finds it for the KPIs that are.
        migrations.AddField(
            model_name="kpi",
            name="metric",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="kpis",
                to="campaigns.metric",
                verbose_name="metric",
            ),
        ),
        migrations.AddField(
            model_name="kpi",
            name="reached",
            field=models.DecimalField(blank=True, decimal_places=4, editable=False, max_digits=30, null=True),
        ),
        migrations.AddField(
            model_name="kpi",
            name="reached_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="kpi",
            name="target",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                max_digits=14,
                null=True,
                validators=[django.core.validators.MinValueValidator(0)],
                verbose_name="target",
            ),
        ),
    ]
