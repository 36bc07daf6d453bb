import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [('messaging', '0044_ledger_tally')]

    operations = [
        migrations.AddField(
            model_name="sender",
            name="phone",
            field=models.CharField(
                blank=True,
                max_length=16,
                default="",
                validators=[
                    django.core.validators.RegexValidator(
                        "^(\\+\\d{6,15}|\\d{3,8}|[A-Za-z][A-Za-z0-9 ]{0,10})\\Z",
                        "A number such as +441632960123, or up to 11 letters.",
                    )
                ],
                verbose_name="texts come from",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="sender",
            name="sms_provider",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="sms_senders",
                to="messaging.provider",
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="text",
            field=models.TextField(blank=True, default="", max_length=1600, verbose_name="text"),
            preserve_default=False,
        ),
        migrations.RemoveConstraint(model_name="message", name="messaging_message_fixed_at_launch"),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state", "draft"),
                    models.Q(("sender__isnull", False), ("template_version__isnull", False)),
                    models.Q(("sender__isnull", False), models.Q(("text", ""), _negated=True)),
                    _connector="OR",
                ),
                name="messaging_message_fixed_at_launch",
            ),
        ),
    ]
