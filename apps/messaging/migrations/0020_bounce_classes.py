from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0016_message_local_hour")]

    operations = [
        migrations.AddField(
            model_name='deliveryevent',
            name='bounce_class',
            field=models.CharField(blank=True, db_default='', default='', max_length=8),
        ),
    ]
