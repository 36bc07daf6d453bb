import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0013_topics_described'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Confirmation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(choices=[('email', 'E-mail'), ('sms', 'SMS')], max_length=8)),
                ('topic', models.CharField(blank=True, max_length=64)),
                ('number', models.PositiveIntegerField(default=1)),
                ('address_hash', models.BinaryField(max_length=32)),
                ('basis', models.CharField(max_length=64)),
                ('source', models.CharField(blank=True, max_length=200)),
                ('wording', models.TextField()),
                ('asked_at', models.DateTimeField()),
                ('mailed_at', models.DateTimeField()),
                ('mails', models.PositiveSmallIntegerField(default=1)),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('expires_at', models.DateTimeField()),
                ('confirmed_at', models.DateTimeField(blank=True, null=True)),
                ('by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('contact', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='confirmations', to='contacts.contact')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('contact', 'channel', 'topic'), name='contacts_confirmation_once')],
            },
        ),
    ]
