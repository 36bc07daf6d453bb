import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0027_attribute_is_computed'),
        ('segments', '0002_topics_described'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Definition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('size', models.BigIntegerField(blank=True, null=True)),
                ('computed_at', models.DateTimeField(blank=True, null=True)),
                ('is_stale', models.BooleanField(default=False)),
                ('due_at', models.DateTimeField(blank=True, null=True)),
                ('fault', models.CharField(blank=True, db_default='', max_length=500)),
                ('attribute', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='computed_by', to='contacts.attribute')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='DefinitionVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('rule', models.JSONField(verbose_name='rule')),
                ('thresholds', models.JSONField(default=list)),
                ('reason', models.CharField(max_length=1000, verbose_name='reason')),
                ('at', models.DateTimeField()),
                ('effect', models.JSONField(default=dict)),
                ('state', models.CharField(choices=[('proposed', 'Waits for approval'), ('in_force', 'In force'), ('replaced', 'Replaced'), ('refused', 'Refused'), ('withdrawn', 'Withdrawn')], default='proposed', max_length=16)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('note', models.CharField(blank=True, max_length=1000)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('definition', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='segments.definition')),
            ],
        ),
        migrations.AddIndex(
            model_name='definition',
            index=models.Index(fields=['-updated_at', '-id'], name='segments_definition_updated'),
        ),
        migrations.AddConstraint(
            model_name='definitionversion',
            constraint=models.UniqueConstraint(fields=('definition', 'number'), name='segments_version_number'),
        ),
        migrations.AddConstraint(
            model_name='definitionversion',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'in_force')), fields=('definition',), name='segments_version_one_in_force'),
        ),
        migrations.AddConstraint(
            model_name='definitionversion',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'proposed')), fields=('definition',), name='segments_version_one_proposed'),
        ),
        migrations.AddConstraint(
            model_name='definitionversion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('state', 'proposed')), models.Q(models.Q(('state', 'proposed'), _negated=True), ('decided_at__isnull', False)), _connector='OR'), name='segments_version_decided'),
        ),
        migrations.AddConstraint(
            model_name='definitionversion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['in_force', 'replaced']), _negated=True), ('by', None), ('decided_by', None), models.Q(('by', models.F('decided_by')), _negated=True), _connector='OR'), name='segments_version_two_people'),
        ),
    ]
