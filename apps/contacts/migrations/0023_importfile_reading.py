from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contacts", "0022_importfile_sheet")]

    operations = [
        migrations.AddField("importfile", "sheets", models.JSONField(default=list)),
        migrations.AddField("importfile", "terms", models.JSONField(default=dict)),
        migrations.AlterField(
            "importfile",
            "state",
            models.CharField(
                choices=[
                    ("sheet", "Sheet to be chosen"),
                    ("reading", "Workbook being read"),
                    ("draft", "Columns to be mapped"),
                    ("pending", "In line"),
                    ("running", "Running"),
                    ("done", "Done"),
                    ("failed", "Failed"),
                    ("cancelled", "Cancelled"),
                ],
                default="draft",
                max_length=16,
            ),
        ),
    ]
