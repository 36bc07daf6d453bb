from django.db import migrations


class Migration(migrations.Migration):
    # Nothing has ever read it, and no version that has it was released: one landing is enough.

    dependencies = [("messaging", "0002_delivery_event_partitions")]

    operations = [migrations.RemoveField(model_name="sender", name="rate_limit")]
