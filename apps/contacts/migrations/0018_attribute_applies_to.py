import django.core.validators
import django.db.models.manager
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0017_event_schemas'),
    ]

    operations = [
        migrations.AlterModelManagers(
            name='attribute',
            managers=[
                ('current', django.db.models.manager.Manager()),
                ('all_objects', django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddField(
            model_name='attribute',
            name='applies_to',
            field=models.CharField(choices=[('contact', 'Contacts'), ('company', 'Companies')], db_default='contact', default='contact', max_length=8, verbose_name='about'),
        ),
        migrations.AlterField(
            model_name='attribute',
            name='key',
            field=models.CharField(max_length=63, validators=[django.core.validators.RegexValidator('^[a-z][a-z0-9]*(_[a-z0-9]+)*$', 'Lower-case words joined by underscores, such as last_order.')], verbose_name='system name'),
        ),
        migrations.AddConstraint(
            model_name='attribute',
            constraint=models.UniqueConstraint(fields=('applies_to', 'key'), name='contacts_attribute_once'),
        ),
    ]
