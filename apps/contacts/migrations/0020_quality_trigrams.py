from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations


class Migration(migrations.Migration):
    """Trusted since PostgreSQL 13: whoever owns the database may make it. It comes with PostgreSQL's contrib."""

    dependencies = [('contacts', '0019_companies')]

    operations = [TrigramExtension()]
