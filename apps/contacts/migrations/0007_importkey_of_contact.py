import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contacts", "0006_text_indexes_shorter")]

    # Made anew: what it held was by another key, and of imports that are under way only.
    operations = [
        migrations.DeleteModel("ImportKey"),
        migrations.CreateModel(
            name="ImportKey",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "import_file_id",
                        "key",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("key", models.BigIntegerField()),
                (
                    "import_file",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="keys",
                        to="contacts.importfile",
                    ),
                ),
            ],
        ),
        migrations.RunSQL(
            "ALTER TABLE contacts_importkey SET UNLOGGED", "ALTER TABLE contacts_importkey SET LOGGED"
        ),
    ]
