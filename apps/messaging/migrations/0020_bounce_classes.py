from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0014_exclusion_capped")]

    operations = [
        migrations.AddField(
            model_name='deliveryevent',
            name='bounce_class',
            field=models.CharField(blank=True, db_default='', default='', max_length=8),
        ),
    ]
