from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("contacts", "0031_systems")]

    operations = [
        AddIndexConcurrently(
            model_name="suppression",
            index=models.Index(fields=["at"], name="contacts_suppression_at"),
        ),
    ]
