from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contacts", "0015_suppression_from_a_list")]

    operations = [
        migrations.AddField("importfile", "sheet", models.CharField(blank=True, max_length=100)),
    ]
