import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0015_shipped_plan_templates"),   
    ]

    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE campaigns_task_place", reverse_sql="DROP SEQUENCE campaigns_task_place"
        ),
        migrations.AddField(
            model_name="task",
            name="place",
            field=models.TextField(
                db_collation="C",
                db_default=django.db.models.expressions.Func(
                    output_field=models.TextField(),
                    template="(lpad(to_hex(nextval('campaigns_task_place')), 12, '0') || '8')",
                ),
                editable=False,
            ),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(fields=["state", "place"], name="campaigns_task_column"),
        ),
    ]
