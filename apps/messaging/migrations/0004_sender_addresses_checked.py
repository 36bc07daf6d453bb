from django.db import migrations, models

import apps.messaging.addresses


class Migration(migrations.Migration):
    # Nothing in the database changes: what is typed is looked at.

    dependencies = [("messaging", "0003_sender_without_rate_limit")]

    operations = [
        migrations.AlterField(
            model_name="sender",
            name="email",
            field=models.EmailField(
                max_length=254,
                unique=True,
                validators=[apps.messaging.addresses.own_address_validate],
                verbose_name="from address",
            ),
        ),
        migrations.AlterField(
            model_name="sender",
            name="reply_to",
            field=models.EmailField(
                blank=True,
                max_length=254,
                validators=[apps.messaging.addresses.own_address_validate],
                verbose_name="reply to",
            ),
        ),
    ]
