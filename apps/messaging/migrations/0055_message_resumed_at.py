from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("messaging", "0054_failed_is_failed"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="resumed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
