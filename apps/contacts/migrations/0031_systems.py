import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0030_consent_network'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='System',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('kind', models.CharField(choices=[('crm', 'CRM'), ('shop', 'Shop'), ('site', 'Website'), ('app', 'App'), ('erp', 'ERP and billing'), ('support', 'Support desk'), ('sending', 'E-mail or SMS platform'), ('ads', 'Ad network'), ('warehouse', 'Data warehouse or BI'), ('file', 'Spreadsheet or file'), ('other', 'Other')], max_length=16, verbose_name='kind')),
                ('holds', models.TextField(blank=True, max_length=2000, verbose_name='what it holds')),
                ('identifier', models.CharField(blank=True, max_length=100, verbose_name='its identifier')),
                ('direction', models.CharField(choices=[('in', 'Into Bookend'), ('out', 'Out of Bookend'), ('both', 'Both ways')], max_length=8, verbose_name='direction')),
                ('cadence', models.CharField(choices=[('live', 'As it happens'), ('hourly', 'Every hour'), ('daily', 'Every day'), ('weekly', 'Every week'), ('monthly', 'Every month'), ('quarterly', 'Every quarter'), ('none', 'No rhythm')], max_length=16, verbose_name='how often')),
                ('synced_at', models.DateTimeField(blank=True, null=True, verbose_name='last sync')),
                ('sensitivity', models.CharField(choices=[('none', 'No personal data'), ('personal', 'Personal'), ('sensitive', 'Sensitive')], default='personal', max_length=16, verbose_name='personal data')),
                ('ask', models.CharField(blank=True, max_length=200, verbose_name='whom to ask')),
                ('url', models.URLField(blank=True, max_length=500, verbose_name='address')),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='owner')),
            ],
            options={
                'verbose_name': 'system',
                'verbose_name_plural': 'systems',
                'ordering': ['name', 'id'],
            },
        ),
        migrations.CreateModel(
            name='SystemLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=32)),
                ('object_id', models.BigIntegerField()),
                ('at', models.DateTimeField()),
                ('system', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='links', to='contacts.system')),
            ],
            options={
                'verbose_name': 'link of a system',
                'verbose_name_plural': 'links of systems',
            },
        ),
        migrations.AddConstraint(
            model_name='system',
            constraint=models.UniqueConstraint(django.db.models.functions.text.Lower('name'), name='contacts_system_name_once', violation_error_message='There is a system of this name already.'),
        ),
        migrations.AddConstraint(
            model_name='system',
            constraint=models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='contacts_system_has_a_name'),
        ),
        migrations.AddConstraint(
            model_name='systemlink',
            constraint=models.UniqueConstraint(fields=('system', 'kind', 'object_id'), name='contacts_systemlink_once'),
        ),
    ]
