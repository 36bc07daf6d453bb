from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0063_attribute_retyped"),
    ]

    operations = [
        migrations.AddField(
            model_name="attribute",
            name="index_fault",
            field=models.CharField(blank=True, db_default="", max_length=300),
        ),
        migrations.AddField(
            model_name="attribute",
            name="index_due_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
