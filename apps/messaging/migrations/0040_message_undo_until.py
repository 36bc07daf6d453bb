from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("messaging", "0038_recipient_sample_index"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="undo_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
