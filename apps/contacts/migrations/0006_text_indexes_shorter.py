from django.db import migrations


def build_again(apps, schema_editor):
    """Indexes of text hold its beginning from now on: they are built again with the next ring."""
    apps.get_model("contacts", "Attribute").objects.filter(
        type__in=["text", "choice"], index_built_at__isnull=False
    ).update(index_built_at=None)


class Migration(migrations.Migration):
    dependencies = [("contacts", "0005_contact_phone_hashes")]
    operations = [migrations.RunPython(build_again, migrations.RunPython.noop)]
