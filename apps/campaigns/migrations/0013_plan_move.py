import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("campaigns", "0012_task_dependency"),   
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PlanMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('launch_before', models.DateField(null=True)),
                ('launch_after', models.DateField(null=True)),
                ('goal_before', models.DateField(null=True)),
                ('goal_after', models.DateField(null=True)),
                ('tasks', models.JSONField(default=list)),
                ('undone_at', models.DateTimeField(blank=True, null=True)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='plan_moves', to='campaigns.campaign')),
            ],
        ),
        migrations.AddIndex(
            model_name='planmove',
            index=models.Index(fields=['campaign', '-id'], name='campaigns_planmove_latest'),
        ),
    ]
