import django.core.validators
import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("campaigns", "0010_plan_template"),   
    ]

    operations = [
        migrations.AddField(
            model_name='task',
            name='anchor',
            field=models.CharField(blank=True, choices=[('launch', 'Launch'), ('outcome', "Outcome's date")], db_default='', default='', max_length=8, verbose_name='counted from'),
        ),
        migrations.AddField(
            model_name='task',
            name='duration_days',
            field=models.PositiveSmallIntegerField(db_default=1, default=1, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(250)], verbose_name='working days it takes'),
        ),
        migrations.AddField(
            model_name='task',
            name='is_milestone',
            field=models.BooleanField(db_default=False, default=False, verbose_name='milestone'),
        ),
        migrations.AddField(
            model_name='task',
            name='is_pinned',
            field=models.BooleanField(db_default=False, default=False, verbose_name='pinned'),
        ),
        migrations.AddField(
            model_name='task',
            name='offset_days',
            field=models.SmallIntegerField(db_default=0, default=0, validators=[django.core.validators.MinValueValidator(-750), django.core.validators.MaxValueValidator(750)], verbose_name='working days from it'),
        ),
        migrations.AddField(
            model_name='task',
            name='start_date',
            field=models.DateField(blank=True, null=True, verbose_name='start'),
        ),
        migrations.AddField(
            model_name='task',
            name='template_item',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='campaigns.plantemplateitem'),
        ),
        AddConstraintNotValid(
            model_name='task',
            constraint=models.CheckConstraint(condition=models.Q(('start_date__isnull', True), ('due_date__isnull', True), ('start_date__lte', models.F('due_date')), _connector='OR'), name='campaigns_task_ends_after_start', violation_error_message='The task ends before it begins.'),
        ),
    ]
