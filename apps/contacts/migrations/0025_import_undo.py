import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("contacts", "0024_importfile_rules"),
    ]

    operations = [
        migrations.AddField(
            "importkey", "is_new", models.BooleanField(default=False, db_default=False)
        ),
        migrations.AddField("importkey", "before", models.JSONField(null=True)),
        migrations.AddField("importkey", "kept", models.CharField(db_default="", default="", max_length=32)),
        migrations.AddField("importfile", "undo", models.JSONField(default=dict)),
        migrations.AddField("importfile", "undone_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "importfile",
            "undone_by",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
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
                    ("undoing", "Being undone"),
                    ("undone", "Undone"),
                ],
                default="draft",
                max_length=16,
            ),
        ),
    ]
