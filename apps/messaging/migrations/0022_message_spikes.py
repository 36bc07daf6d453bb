from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0021_delivery_reports")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="bounces",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="message",
            name="complaints",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="message",
            name="spiked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
