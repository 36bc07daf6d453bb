from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0014_exclusion_capped")]

    operations = [
        migrations.CreateModel(
            name='QuietHours',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('channel', models.CharField(choices=[('email', 'E-mail'), ('sms', 'SMS')], default='email', max_length=8, unique=True, verbose_name='channel')),
                ('starts', models.TimeField(verbose_name='from')),
                ('ends', models.TimeField(verbose_name='until')),
                ('is_active', models.BooleanField(default=True, verbose_name='in force')),
            ],
            options={
                'ordering': ['channel'],
            },
        ),
        migrations.AddConstraint(
            model_name='quiethours',
            constraint=models.CheckConstraint(condition=models.Q(('starts', models.F('ends')), _negated=True), name='messaging_quiethours_end', violation_error_message='Quiet hours begin and end at different times.'),
        ),
    ]
