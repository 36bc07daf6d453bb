from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("messaging", "0024_domain_figures"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="undo_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
