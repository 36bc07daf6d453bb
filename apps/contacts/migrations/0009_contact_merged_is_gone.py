from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0008_contact_merge'),
    ]

    operations = [
        ValidateConstraint(model_name='contact', name='contacts_contact_merged_is_gone'),
    ]
