import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0028_import_about'),
    ]

    operations = [
        migrations.AddField(
            model_name='importfile',
            name='saved_mapping',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='imports', to='contacts.importmapping'),
        ),
    ]
