import apps.messaging.models.domain
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('messaging', '0031_recipient_finished'),
    ]

    operations = [
        migrations.CreateModel(
            name='RateLimit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('domain', models.CharField(blank=True, max_length=253, validators=[apps.messaging.models.domain.host_validate], verbose_name='domain of recipients')),
                ('most', models.PositiveIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(10000000)], verbose_name='at most')),
                ('per', models.CharField(choices=[('second', 'second'), ('minute', 'minute'), ('hour', 'hour'), ('day', 'day')], default='hour', max_length=8, verbose_name='in any')),
                ('is_active', models.BooleanField(default=True, verbose_name='in force')),
            ],
            options={
                'ordering': ['domain', 'sender', 'id'],
            },
        ),
        migrations.CreateModel(
            name='RateTally',
            fields=[
                ('key', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('used', models.JSONField(default=list)),
            ],
        ),
        migrations.CreateModel(
            name='WarmUp',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('starts_on', models.DateField(verbose_name='first day')),
                ('timezone', models.CharField(default='UTC', max_length=64, verbose_name='time zone')),
                ('ceilings', models.JSONField(verbose_name='at most, day by day')),
                ('is_active', models.BooleanField(default=True, verbose_name='in force')),
            ],
            options={
                'ordering': ['sender'],
            },
        ),
        migrations.AlterField(
            model_name='rulenote',
            name='rule',
            field=models.CharField(choices=[('cap', 'Frequency cap'), ('quiet', 'Quiet hours'), ('rate', 'Rate limit')], max_length=8),
        ),
        migrations.AddField(
            model_name='ratelimit',
            name='sender',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='rate_limits', to='messaging.sender'),
        ),
        migrations.AddField(
            model_name='recipient',
            name='waits_for',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='messaging.ratelimit'),
        ),
        migrations.AddField(
            model_name='warmup',
            name='sender',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='warm_up', to='messaging.sender'),
        ),
        migrations.AddConstraint(
            model_name='ratelimit',
            constraint=models.CheckConstraint(condition=models.Q(('sender__isnull', True), ('domain', ''), _connector='XOR'), name='messaging_ratelimit_sender_or_domain', violation_error_message='Choose a sender, or name a domain.'),
        ),
        migrations.AddConstraint(
            model_name='ratelimit',
            constraint=models.UniqueConstraint(condition=models.Q(('sender__isnull', False)), fields=('sender', 'per'), name='messaging_ratelimit_once_a_sender', violation_error_message='This sender has a limit for this time already.'),
        ),
        migrations.AddConstraint(
            model_name='ratelimit',
            constraint=models.UniqueConstraint(condition=models.Q(('domain', ''), _negated=True), fields=('domain', 'per'), name='messaging_ratelimit_once_a_domain', violation_error_message='This domain has a limit for this time already.'),
        ),
        migrations.AddConstraint(
            model_name='ratelimit',
            constraint=models.CheckConstraint(condition=models.Q(('most__gte', 1), ('most__lte', 10000000)), name='messaging_ratelimit_in_range'),
        ),
    ]
