from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('messaging', '0032_rate_limits'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='recipient',
            index=models.Index(condition=models.Q(('state', 'planned'), ('waits_for__isnull', True)), fields=['due_at'], name='messaging_recipient_hour'),
        ),
        AddIndexConcurrently(
            model_name='recipient',
            index=models.Index(condition=models.Q(('state', 'planned'), ('waits_for__isnull', False)), fields=['waits_for', 'message', 'id'], name='messaging_recipient_aside'),
        ),
        RemoveIndexConcurrently(
            model_name='recipient',
            name='messaging_recipient_due',
        ),
    ]
