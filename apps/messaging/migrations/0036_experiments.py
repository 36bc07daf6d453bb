import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0060_suppression_at'),
        ('content', '0003_use_overrides'),
        ('messaging', '0035_reports_of_providers'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Experiment',
            fields=[
                ('message', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='experiment', serialize=False, to='messaging.message')),
                ('sample_percent', models.PositiveSmallIntegerField(default=20, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)], verbose_name='sample, in percent')),
                ('metric', models.CharField(choices=[('opened', 'Opens by people'), ('clicked', 'Clicks by people'), ('converted', "Conversions: the campaign's goal")], max_length=16, verbose_name='the winner has the most')),
                ('wait_minutes', models.PositiveIntegerField(default=240, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(43200)], verbose_name='wait, in minutes')),
                ('confidence', models.PositiveSmallIntegerField(choices=[(0, 'Plainly the best'), (80, 'Sure to 80 %'), (90, 'Sure to 90 %'), (95, 'Sure to 95 %')], default=0, verbose_name='to win, it must be')),
                ('otherwise', models.CharField(choices=[('best', 'Send the best of them all the same'), ('stop', 'Stop: the rest gets nothing')], default='best', max_length=8, verbose_name='if none wins')),
                ('decide_at', models.DateTimeField(blank=True, null=True)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('winner', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('has_won', models.BooleanField(default=False)),
                ('found', models.JSONField(blank=True, default=list)),
            ],
        ),
        migrations.CreateModel(
            name='Variant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('subject', models.CharField(blank=True, max_length=500, verbose_name='subject')),
                ('first_link', models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                'ordering': ['number'],
            },
        ),
        migrations.AddField(
            model_name='experiment',
            name='decided_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='variant',
            name='experiment',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='variants', to='messaging.experiment'),
        ),
        migrations.AddField(
            model_name='variant',
            name='template',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='content.template'),
        ),
        migrations.AddField(
            model_name='variant',
            name='template_version',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='content.templateversion'),
        ),
        migrations.AddIndex(
            model_name='experiment',
            index=models.Index(condition=models.Q(('decided_at__isnull', True)), fields=['decide_at'], name='messaging_experiment_undecided'),
        ),
        migrations.AddConstraint(
            model_name='experiment',
            constraint=models.CheckConstraint(condition=models.Q(('sample_percent__gte', 1), ('sample_percent__lte', 100)), name='messaging_experiment_sample_is_a_part'),
        ),
        migrations.AddConstraint(
            model_name='experiment',
            constraint=models.CheckConstraint(condition=models.Q(('decided_at__isnull', False), models.Q(('decided_by', None), ('has_won', False), ('winner', None)), _connector='OR'), name='messaging_experiment_winner_once_decided'),
        ),
        migrations.AddConstraint(
            model_name='variant',
            constraint=models.UniqueConstraint(fields=('experiment', 'number'), name='messaging_variant_once'),
        ),
        migrations.AddConstraint(
            model_name='variant',
            constraint=models.CheckConstraint(condition=models.Q(('number__lt', 8)), name='messaging_variant_has_a_letter'),
        ),
    ]
