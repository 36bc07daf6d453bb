"""
A KPI is a metric that was chosen. What it was defined by leaves the model, and stays in the table for now.

A process of the version before goes on writing these columns; the landing after this one drops them.
"""

import django.db.models.deletion
from django.db import migrations, models

KEEP = """
    ALTER TABLE campaigns_kpi
        ALTER COLUMN label SET DEFAULT '',
        ALTER COLUMN event SET DEFAULT '',
        ALTER COLUMN "where" SET DEFAULT '[]',
        ALTER COLUMN value_property SET DEFAULT ''
"""
BACK = """
    UPDATE campaigns_kpi SET
        label = left(metric.name, 100), event = coalesce(nullif(metric.event, ''), metric.built_in),
        "where" = metric."where", value_property = metric.value_property
    FROM campaigns_metric AS metric WHERE metric.id = campaigns_kpi.metric_id;
    ALTER TABLE campaigns_kpi
        ALTER COLUMN label DROP DEFAULT,
        ALTER COLUMN event DROP DEFAULT,
        ALTER COLUMN "where" DROP DEFAULT,
        ALTER COLUMN value_property DROP DEFAULT
"""


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0005_kpis_become_metrics"),   ]

    operations = [
        migrations.RemoveConstraint(model_name="kpi", name="campaigns_kpi_label_once"),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(KEEP, BACK)],
            state_operations=[
                migrations.RemoveField(model_name="kpi", name="label"),
                migrations.RemoveField(model_name="kpi", name="event"),
                migrations.RemoveField(model_name="kpi", name="where"),
                migrations.RemoveField(model_name="kpi", name="value_property"),
            ],
        ),
        migrations.AlterField(
            model_name="kpi",
            name="metric",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="kpis",
                to="campaigns.metric",
                verbose_name="metric",
            ),
        ),
        migrations.AddConstraint(
            model_name="kpi",
            constraint=models.UniqueConstraint(
                fields=["campaign", "metric"],
                name="campaigns_kpi_metric_once",
                violation_error_message="This campaign has that KPI already.",
            ),
        ),
    ]
