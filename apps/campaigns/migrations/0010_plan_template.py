import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("campaigns", "0009_working_days"),   
    ]

    operations = [
        migrations.CreateModel(
            name='PlanTemplate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('name', models.CharField(error_messages={'unique': 'There is a template of this name already.'}, max_length=120, unique=True, verbose_name='name')),
                ('description', models.TextField(blank=True, max_length=2000, verbose_name='what it is for')),
                ('key', models.SlugField(blank=True, editable=False)),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('key', ''), _negated=True), fields=('key',), name='campaigns_plantemplate_key')],
            },
        ),
        migrations.CreateModel(
            name='PlanTemplateItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('title', models.CharField(max_length=200, verbose_name='task')),
                ('description', models.TextField(blank=True, max_length=10000, verbose_name='description')),
                ('channel', models.CharField(blank=True, choices=[('email', 'E-mail'), ('social', 'Social'), ('ads', 'Ads'), ('web', 'Web'), ('sms', 'SMS'), ('events', 'Events')], max_length=16, verbose_name='channel')),
                ('anchor', models.CharField(choices=[('launch', 'Launch'), ('outcome', "Outcome's date")], default='launch', max_length=8, verbose_name='counted from')),
                ('offset_days', models.SmallIntegerField(default=0, validators=[django.core.validators.MinValueValidator(-750), django.core.validators.MaxValueValidator(750)], verbose_name='working days from it')),
                ('duration_days', models.PositiveSmallIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(250)], verbose_name='working days it takes')),
                ('is_milestone', models.BooleanField(default=False, verbose_name='milestone')),
                ('assign_to', models.CharField(choices=[('nobody', 'Nobody yet'), ('captain', 'Captain'), ('owner', 'Channel owner')], default='nobody', max_length=8, verbose_name='assigned to')),
                ('template', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='campaigns.plantemplate')),
                ('waits_for', models.ManyToManyField(blank=True, related_name='holds_up', to='campaigns.plantemplateitem', verbose_name='waits for')),
            ],
            options={
                'ordering': ['position', 'id'],
            },
        ),
    ]
