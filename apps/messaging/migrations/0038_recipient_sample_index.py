from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("messaging", "0037_recipient_variant")]

    operations = [
        AddIndexConcurrently(
            model_name='recipient',
            index=models.Index(condition=models.Q(('is_sample', True)), fields=['message', 'variant'], name='messaging_recipient_sample'),
        ),
    ]
