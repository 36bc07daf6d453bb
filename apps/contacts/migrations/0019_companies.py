import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0018_attribute_applies_to'),
    ]

    operations = [
        migrations.CreateModel(
            name='Company',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('domain', models.CharField(blank=True, db_default='', max_length=253, verbose_name='domain')),
                ('attributes', models.JSONField(db_default=models.Value({}, output_field=models.JSONField()), default=dict)),
            ],
        ),
        migrations.CreateModel(
            name='CompanyIdentity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('namespace', models.CharField(max_length=32)),
                ('value', models.CharField(max_length=254)),
                ('created_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='CompanyMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('role', models.CharField(blank=True, choices=[('decision_maker', 'Decision maker'), ('champion', 'Champion'), ('influencer', 'Influencer'), ('user', 'User'), ('gatekeeper', 'Gatekeeper'), ('other', 'Other')], db_default='', max_length=16, verbose_name='role')),
                ('title', models.CharField(blank=True, db_default='', max_length=100, verbose_name='title')),
                ('is_primary', models.BooleanField(db_default=False, default=False, verbose_name='main company')),
                ('since', models.DateField(blank=True, null=True, verbose_name='since')),
                ('source', models.CharField(blank=True, db_default='', max_length=64)),
            ],
        ),
        migrations.AddIndex(
            model_name='company',
            index=models.Index(fields=['name', 'id'], name='contacts_company_name'),
        ),
        migrations.AddIndex(
            model_name='company',
            index=models.Index(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper('name'), name='text_pattern_ops'), name='contacts_company_name_begins'),
        ),
        migrations.AddIndex(
            model_name='company',
            index=models.Index(condition=models.Q(('domain', ''), _negated=True), fields=['domain'], name='contacts_company_domain_begins', opclasses=['text_pattern_ops']),
        ),
        migrations.AddConstraint(
            model_name='company',
            constraint=models.UniqueConstraint(condition=models.Q(('domain', ''), _negated=True), fields=('domain',), name='contacts_company_domain_once'),
        ),
        migrations.AddField(
            model_name='companyidentity',
            name='company',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='identities', to='contacts.company'),
        ),
        migrations.AddField(
            model_name='companymember',
            name='company',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='members', to='contacts.company'),
        ),
        migrations.AddField(
            model_name='companymember',
            name='contact',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='contacts.contact'),
        ),
        migrations.AddConstraint(
            model_name='companyidentity',
            constraint=models.UniqueConstraint(fields=('namespace', 'value'), name='contacts_companyidentity_once'),
        ),
        migrations.AddIndex(
            model_name='companymember',
            index=models.Index(fields=['company', 'id'], include=('contact', 'role'), name='contacts_member_of'),
        ),
        migrations.AddConstraint(
            model_name='companymember',
            constraint=models.UniqueConstraint(fields=('contact', 'company'), name='contacts_companymember_once'),
        ),
        migrations.AddConstraint(
            model_name='companymember',
            constraint=models.UniqueConstraint(condition=models.Q(('is_primary', True)), fields=('contact',), name='contacts_companymember_primary'),
        ),
    ]
