from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contacts", "0021_quality")]

    operations = [
        migrations.AddField("importfile", "sheet", models.CharField(blank=True, max_length=100)),
    ]
