from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0006_topics_described")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="priority",
            field=models.CharField(
                choices=[("urgent", "Urgent"), ("normal", "Normal"), ("low", "Low")],
                db_default="normal",
                default="normal",
                max_length=16,
                verbose_name="priority",
            ),
        ),
    ]
