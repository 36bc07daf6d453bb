from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [("campaigns", "0013_plan_move"),   
    ]

    operations = [
        ValidateConstraint(model_name="task", name="campaigns_task_ends_after_start"),
    ]
