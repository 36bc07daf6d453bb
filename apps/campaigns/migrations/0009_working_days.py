import apps.campaigns.models.calendar
import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("campaigns", "0008_shipped_metrics"),   
    ]

    operations = [
        migrations.CreateModel(
            name='Holiday',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('date', models.DateField(unique=True, verbose_name='day')),
                ('name', models.CharField(max_length=100, verbose_name='name')),
            ],
            options={
                'ordering': ['date'],
            },
        ),
        migrations.CreateModel(
            name='WorkWeek',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('weekend', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(choices=[(0, 'Monday'), (1, 'Tuesday'), (2, 'Wednesday'), (3, 'Thursday'), (4, 'Friday'), (5, 'Saturday'), (6, 'Sunday')]), blank=True, default=apps.campaigns.models.calendar.weekend, size=None, verbose_name='free days')),
            ],
        ),
        migrations.AddConstraint(
            model_name='workweek',
            constraint=models.CheckConstraint(condition=models.Q(('pk', 1)), name='campaigns_workweek_only_one'),
        ),
        migrations.AddConstraint(
            model_name='workweek',
            constraint=models.CheckConstraint(condition=models.Q(('weekend__len__lte', 6)), name='campaigns_workweek_has_a_workday'),
        ),
    ]
