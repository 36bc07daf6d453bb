import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("campaigns", "0019_challenges"),   
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='campaign',
            name='asks_approvals',
            field=models.BooleanField(db_default=False, default=False, verbose_name='asks for approvals'),
        ),
        migrations.AddField(
            model_name='campaign',
            name='review_hours',
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='least time of review, in hours'),
        ),
        migrations.AddField(
            model_name='campaign',
            name='stage_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name='Approval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('part', models.CharField(choices=[('content', 'Content'), ('audience', 'Audience'), ('schedule', 'Schedule'), ('goal', 'Goal')], max_length=16, verbose_name='part')),
                ('state', models.CharField(choices=[('asked', 'Waits for approval'), ('approved', 'Approved'), ('sent_back', 'Sent back')], default='asked', max_length=16, verbose_name='state')),
                ('digest', models.CharField(max_length=64)),
                ('snapshot', models.JSONField(default=list)),
                ('asked_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('reason', models.CharField(blank=True, max_length=1000, verbose_name='reason')),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='approvals', to='campaigns.campaign')),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['campaign', 'part', '-id'], name='campaigns_approval_latest'), models.Index(condition=models.Q(('state', 'asked')), fields=['asked_at'], name='campaigns_approval_waiting')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'asked')), fields=('campaign', 'part'), name='campaigns_approval_asked_once'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('decided_by__isnull', True), ('state', 'asked')), models.Q(models.Q(('state', 'asked'), _negated=True), ('decided_at__isnull', False), ('decided_by__isnull', False)), _connector='OR'), name='campaigns_approval_decided_as_a_whole'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'sent_back'), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='campaigns_approval_sent_back_says_why')],
            },
        ),
    ]
