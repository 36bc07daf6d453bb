from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0010_sending_policy")]

    operations = [
        migrations.AlterField(
            model_name='recipient',
            name='reason',
            field=models.CharField(blank=True, choices=[('merged', 'Merged into another contact'), ('erased', 'Erased'), ('no_address', 'No address'), ('suppressed', 'Suppressed'), ('no_consent', 'No consent'), ('control', 'In the control group'), ('holdout', 'Held out to measure the effect')], db_default='', max_length=16),
        ),
    ]
