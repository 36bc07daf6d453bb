from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contacts", "0023_importfile_reading")]

    operations = [
        migrations.AddField("importfile", "rules", models.JSONField(default=dict)),
    ]
