from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0036_experiments")]

    operations = [
        migrations.AddField(
            model_name='recipient',
            name='is_sample',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='recipient',
            name='variant',
            field=models.SmallIntegerField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='recipient',
            name='state',
            field=models.CharField(choices=[('awaiting', 'Waits for the winner'), ('planned', 'Planned'), ('queued', 'In line'), ('leased', 'Taken by a worker'), ('sending', 'Being sent'), ('sent', 'Sent'), ('failed', 'Refused by the server'), ('unknown', 'Unknown'), ('excluded', 'Excluded at launch'), ('skipped', 'Skipped at the last moment'), ('cancelled', 'Cancelled'), ('expired', 'Expired')], max_length=16),
        ),
    ]
