import hmac

from django.conf import settings
from django.db import migrations

BATCH = 10_000


def hash_phones(apps, schema_editor):
    """In batches, and again if it was interrupted: only what has no hash yet is looked at."""
    Contact = apps.get_model("contacts", "Contact")
    missing = Contact.objects.exclude(phone="").filter(phone_hash__isnull=True).order_by("pk")
    last = 0
    while batch := list(missing.filter(pk__gt=last).only("pk", "phone")[:BATCH]):
        for contact in batch:
            contact.phone_hash = hmac.digest(settings.SUPPRESSION_KEY, contact.phone.encode(), "sha256")
        Contact.objects.bulk_update(batch, ["phone_hash"], batch_size=1_000)
        last = batch[-1].pk


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("contacts", "0004_contact_phone_hash")]
    operations = [migrations.RunPython(hash_phones, migrations.RunPython.noop)]
