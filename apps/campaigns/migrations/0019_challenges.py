import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("campaigns", "0018_recurrence"),   
        ('contenttypes', '0002_remove_content_type_name'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Challenge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('object_id', models.BigIntegerField()),
                ('stage', models.CharField(blank=True, max_length=16, verbose_name='stage')),
                ('about', models.CharField(max_length=200, verbose_name='about')),
                ('question', models.TextField(max_length=2000, verbose_name='question')),
                ('asked_at', models.DateTimeField()),
                ('resolution', models.CharField(blank=True, choices=[('accepted', 'Accepted'), ('withdrawn', 'Withdrawn')], max_length=16, verbose_name='resolution')),
                ('decision', models.TextField(blank=True, max_length=2000, verbose_name='what was decided')),
                ('resolved_at', models.DateTimeField(blank=True, null=True)),
                ('creation_key', models.UUIDField(blank=True, editable=False, null=True, unique=True)),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='challenges', to='campaigns.campaign')),
                ('content_type', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='contenttypes.contenttype')),
                ('pursued_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='challenges_pursued', to=settings.AUTH_USER_MODEL)),
                ('resolved_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='ChallengeAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField(max_length=5000, verbose_name='answer')),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('challenge', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='campaigns.challenge')),
            ],
            options={
                'ordering': ['at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Challenger',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('added_at', models.DateTimeField()),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='challengers', to='campaigns.campaign')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddIndex(
            model_name='challenge',
            index=models.Index(fields=['campaign', '-asked_at', '-id'], name='campaigns_challenge_list'),
        ),
        migrations.AddIndex(
            model_name='challenge',
            index=models.Index(condition=models.Q(('resolved_at__isnull', True)), fields=['campaign'], name='campaigns_challenge_open'),
        ),
        migrations.AddIndex(
            model_name='challenge',
            index=models.Index(fields=['content_type', 'object_id'], name='campaigns_challenge_thing'),
        ),
        migrations.AddConstraint(
            model_name='challenge',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('resolution', ''), ('resolved_at__isnull', True), ('resolved_by__isnull', True)), models.Q(models.Q(('resolution', ''), _negated=True), ('resolved_at__isnull', False), ('resolved_by__isnull', False)), _connector='OR'), name='campaigns_challenge_resolved_as_a_whole'),
        ),
        migrations.AddConstraint(
            model_name='challenge',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('resolution', 'accepted'), _negated=True), models.Q(('decision', ''), _negated=True), _connector='OR'), name='campaigns_challenge_accepted_says_what'),
        ),
        migrations.AddIndex(
            model_name='challengeanswer',
            index=models.Index(fields=['challenge', 'at', 'id'], name='campaigns_answer_thread'),
        ),
        migrations.AddConstraint(
            model_name='challenger',
            constraint=models.UniqueConstraint(fields=('campaign', 'user'), name='campaigns_challenger_once'),
        ),
    ]
