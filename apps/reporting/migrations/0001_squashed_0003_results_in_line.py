from django.db import migrations, models
from django.db.models.functions import Now

from apps.core.tables import TablesCreate


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("reporting", "0001_initial"),
        ("reporting", "0002_sums_without_bounds"),
        ("reporting", "0003_results_in_line"),
    ]
    dependencies = [
        ("campaigns", "0001_squashed_0030_the_working_week"),
        ("contacts", "0001_squashed_0061_import_digests"),
        ("messaging", "0001_squashed_0050_messages_by_sms"),
    ]
    operations = [
        TablesCreate(
            [
                migrations.CreateModel(
                    name="CampaignResult",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("goal_done", models.DecimalField(decimal_places=4, default=0, max_digits=30)),
                        ("definition", models.JSONField(default=list)),
                        ("refreshed_at", models.DateTimeField(null=True)),
                        ("is_final", models.BooleanField(default=False)),
                        ("campaign", models.OneToOneField(on_delete=models.CASCADE, related_name="result", to="campaigns.campaign")),
                        ("due_at", models.DateTimeField(db_default=Now())),
                        ("tried_at", models.DateTimeField(null=True)),
                    ],
                ),
                migrations.CreateModel(
                    name="ArmResult",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("arm", models.CharField(choices=[("sent", "Written to"), ("holdout", "Held out")], max_length=8)),
                        ("measure", models.CharField(max_length=24)),
                        ("people", models.BigIntegerField()),
                        ("converted", models.BigIntegerField()),
                        ("conversions", models.BigIntegerField()),
                        ("credited", models.BigIntegerField()),
                        ("credited_value", models.DecimalField(decimal_places=4, max_digits=30)),
                        ("value", models.DecimalField(decimal_places=4, max_digits=30)),
                        ("value_squares", models.DecimalField(decimal_places=8, max_digits=60)),
                        ("refreshed_at", models.DateTimeField()),
                        ("message", models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name="arm_results", to="messaging.message")),
                    ],
                    options={
                        "constraints": [models.UniqueConstraint(fields=("message", "arm", "measure"), name="reporting_armresult_once")],
                    },
                ),
                migrations.CreateModel(
                    name="Conversion",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("measure", models.CharField(max_length=24)),
                        ("is_holdout", models.BooleanField()),
                        ("is_credited", models.BooleanField()),
                        ("event_id", models.BigIntegerField()),
                        ("occurred_at", models.DateTimeField()),
                        ("value", models.DecimalField(decimal_places=4, max_digits=16, null=True)),
                        ("contact", models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name="+", to="contacts.contact")),
                        ("message", models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name="conversions", to="messaging.message")),
                        ("recipient", models.ForeignKey(db_constraint=False, db_index=False, on_delete=models.DO_NOTHING, related_name="+", to="messaging.recipient")),
                    ],
                    options={
                        "indexes": [models.Index(fields=["contact"], name="reporting_conversion_contact")],
                        "constraints": [models.UniqueConstraint(fields=("message", "measure", "contact", "event_id"), name="reporting_conversion_once")],
                    },
                ),
                migrations.CreateModel(
                    name="MessageResult",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("audience", models.BigIntegerField(default=0)),
                        ("sent", models.BigIntegerField(default=0)),
                        ("waiting", models.BigIntegerField(default=0)),
                        ("excluded", models.BigIntegerField(default=0)),
                        ("lost", models.BigIntegerField(default=0)),
                        ("opened", models.BigIntegerField(default=0)),
                        ("opened_machine", models.BigIntegerField(default=0)),
                        ("clicked", models.BigIntegerField(default=0)),
                        ("clicked_machine", models.BigIntegerField(default=0)),
                        ("bounced", models.BigIntegerField(default=0)),
                        ("complained", models.BigIntegerField(default=0)),
                        ("unsubscribed", models.BigIntegerField(default=0)),
                        ("refreshed_at", models.DateTimeField()),
                        ("message", models.OneToOneField(on_delete=models.CASCADE, related_name="result", to="messaging.message")),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("audience", models.F("sent") + models.F("waiting") + models.F("excluded") + models.F("lost"))), name="reporting_messageresult_sums"
                            )
                        ],
                    },
                ),
            ],
        ),
    ]
