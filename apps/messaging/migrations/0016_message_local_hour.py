from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0015_quiet_hours")]

    operations = [
        migrations.AddField(
            model_name='message',
            name='local_date',
            field=models.DateField(blank=True, null=True, verbose_name='day, where each person is'),
        ),
        migrations.AddField(
            model_name='message',
            name='local_time',
            field=models.TimeField(blank=True, null=True, verbose_name='hour, where each person is'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('local_date', None), ('local_time', None)), models.Q(('local_date__isnull', False), ('local_time__isnull', False)), _connector='OR'), name='messaging_message_local_hour_of_a_day'),
        ),
    ]
