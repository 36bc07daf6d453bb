from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import migrations, models

from apps.core.partitions import table_partition
from apps.core.tables import TablesCreate
from apps.messaging.addresses import own_address_validate
from apps.messaging.migrations import _changes_noted, _zone
from apps.messaging.models.domain import host_validate, selector_validate


def partition(apps, editor):
    table_partition(editor, "messaging_deliveryevent", by="at")


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("messaging", "0001_initial"),
        ("messaging", "0002_delivery_event_partitions"),
        ("messaging", "0003_sender_without_rate_limit"),
        ("messaging", "0004_sender_addresses_checked"),
        ("messaging", "0005_exclusion_merged"),
        ("messaging", "0006_topics_described"),
        ("messaging", "0007_message_priority"),
        ("messaging", "0010_sending_policy"),
        ("messaging", "0011_exclusion_control"),
        ("messaging", "0012_zone_function"),
        ("messaging", "0013_frequency_caps"),
        ("messaging", "0014_exclusion_capped"),
        ("messaging", "0015_quiet_hours"),
        ("messaging", "0016_message_local_hour"),
        ("messaging", "0020_bounce_classes"),
        ("messaging", "0021_delivery_reports"),
        ("messaging", "0022_message_spikes"),
        ("messaging", "0023_sending_domains"),
        ("messaging", "0024_domain_figures"),
        ("messaging", "0030_changes_noted_for_segments"),
        ("messaging", "0031_recipient_finished"),
        ("messaging", "0032_rate_limits"),
        ("messaging", "0033_recipients_put_aside"),
        ("messaging", "0034_providers"),
        ("messaging", "0035_reports_of_providers"),
        ("messaging", "0036_experiments"),
        ("messaging", "0037_recipient_variant"),
        ("messaging", "0038_recipient_sample_index"),
        ("messaging", "0040_message_undo_until"),
        ("messaging", "0041_settlements"),
        ("messaging", "0042_refusals_reported"),
        ("messaging", "0043_sending_home"),
        ("messaging", "0044_ledger_tally"),
        ("messaging", "0050_messages_by_sms"),
    ]
    dependencies = [
        ("campaigns", "0001_squashed_0030_the_working_week"),
        ("contacts", "0001_squashed_0061_import_digests"),
        ("content", "0001_squashed_0003_use_overrides"),
        ("segments", "0001_squashed_0006_what_segments_watch"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        TablesCreate(
            [
                migrations.CreateModel(
                    name="Sender",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("name", models.CharField(max_length=100, verbose_name="from name")),
                        ("email", models.EmailField(max_length=254, unique=True, validators=[own_address_validate], verbose_name="from address")),
                        ("reply_to", models.EmailField(blank=True, max_length=254, validators=[own_address_validate], verbose_name="reply to")),
                        ("is_active", models.BooleanField(default=True, verbose_name="active")),
                        ("provider", models.ForeignKey(blank=True, null=True, on_delete=models.PROTECT, related_name="senders", to="messaging.provider")),
                        (
                            "phone",
                            models.CharField(
                                blank=True,
                                max_length=16,
                                validators=[RegexValidator("^(\\+\\d{6,15}|\\d{3,8}|[A-Za-z][A-Za-z0-9 ]{0,10})\\Z", "A number such as +441632960123, or up to 11 letters.")],
                                verbose_name="texts come from",
                            ),
                        ),
                        ("sms_provider", models.ForeignKey(blank=True, null=True, on_delete=models.PROTECT, related_name="sms_senders", to="messaging.provider")),
                    ],
                    options={
                        "ordering": ["name"],
                    },
                ),
                migrations.CreateModel(
                    name="Message",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("name", models.CharField(max_length=200, verbose_name="name")),
                        ("topic", models.CharField(blank=True, max_length=64, verbose_name="topic")),
                        ("holdout_percent", models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(90)], verbose_name="hold out, in percent")),
                        ("is_tracked", models.BooleanField(default=True, verbose_name="count opens and clicks")),
                        (
                            "state",
                            models.CharField(
                                choices=[("draft", "Draft"), ("running", "Running"), ("paused", "Paused"), ("finished", "Finished"), ("cancelled", "Cancelled")], default="draft", max_length=16
                            ),
                        ),
                        ("pause_reason", models.CharField(blank=True, max_length=500)),
                        ("scheduled_at", models.DateTimeField(blank=True, null=True, verbose_name="send at")),
                        ("not_after", models.DateTimeField(blank=True, null=True, verbose_name="not after")),
                        ("launched_at", models.DateTimeField(blank=True, null=True)),
                        ("finished_at", models.DateTimeField(blank=True, null=True)),
                        ("recent_answers", models.PositiveIntegerField(default=0)),
                        ("recent_refusals", models.PositiveIntegerField(default=0)),
                        ("connections_failed", models.PositiveIntegerField(default=0)),
                        ("campaign", models.ForeignKey(on_delete=models.PROTECT, related_name="messages", to="campaigns.campaign")),
                        ("channel", models.ForeignKey(on_delete=models.PROTECT, related_name="messages", to="campaigns.channel")),
                        ("exclude_segments", models.ManyToManyField(blank=True, related_name="messages_excluding", to="segments.segment")),
                        ("launched_by", models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("segments", models.ManyToManyField(blank=True, related_name="messages", to="segments.segment")),
                        ("template", models.ForeignKey(blank=True, null=True, on_delete=models.PROTECT, related_name="messages", to="content.template")),
                        ("template_version", models.ForeignKey(blank=True, null=True, on_delete=models.PROTECT, related_name="+", to="content.templateversion")),
                        ("sender", models.ForeignKey(blank=True, null=True, on_delete=models.PROTECT, related_name="messages", to="messaging.sender")),
                        (
                            "priority",
                            models.CharField(choices=[("urgent", "Urgent"), ("normal", "Normal"), ("low", "Low")], db_default="normal", default="normal", max_length=16, verbose_name="priority"),
                        ),
                        ("local_date", models.DateField(blank=True, null=True, verbose_name="day, where each person is")),
                        ("local_time", models.TimeField(blank=True, null=True, verbose_name="hour, where each person is")),
                        ("bounces", models.PositiveIntegerField(db_default=0, default=0)),
                        ("complaints", models.PositiveIntegerField(db_default=0, default=0)),
                        ("spiked_at", models.DateTimeField(blank=True, null=True)),
                        ("undo_until", models.DateTimeField(blank=True, null=True)),
                        ("text", models.TextField(blank=True, max_length=1600, verbose_name="text")),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["campaign", "id"], name="messaging_message_campaign"),
                            models.Index(condition=models.Q(("finished_at__isnull", True), models.Q(("state", "draft"), _negated=True)), fields=["id"], name="messaging_message_open"),
                        ],
                        "constraints": [
                            models.CheckConstraint(condition=models.Q(("state", "draft"), ("launched_at__isnull", False), _connector="XOR"), name="messaging_message_launched_at_unless_draft"),
                            models.CheckConstraint(
                                condition=models.Q(models.Q(("state", "finished"), _negated=True), ("finished_at__isnull", False), _connector="OR"), name="messaging_message_finished_at_when_finished"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(models.Q(("local_date", None), ("local_time", None)), models.Q(("local_date__isnull", False), ("local_time__isnull", False)), _connector="OR"),
                                name="messaging_message_local_hour_of_a_day",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state", "draft"),
                                    models.Q(("sender__isnull", False), ("template_version__isnull", False)),
                                    models.Q(("sender__isnull", False), models.Q(("text", ""), _negated=True)),
                                    _connector="OR",
                                ),
                                name="messaging_message_fixed_at_launch",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Link",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("position", models.PositiveSmallIntegerField()),
                        ("url", models.CharField(max_length=2000)),
                        ("label", models.CharField(blank=True, max_length=200)),
                        ("message", models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name="links", to="messaging.message")),
                    ],
                    options={
                        "constraints": [models.UniqueConstraint(fields=("message", "position"), name="messaging_link_once")],
                    },
                ),
                migrations.CreateModel(
                    name="Recipient",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("occurrence", models.PositiveIntegerField(db_default=0, default=0)),
                        ("address", models.CharField(blank=True, max_length=254)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("awaiting", "Waits for the winner"),
                                    ("planned", "Planned"),
                                    ("queued", "In line"),
                                    ("leased", "Taken by a worker"),
                                    ("sending", "Being sent"),
                                    ("sent", "Sent"),
                                    ("failed", "Refused by the server"),
                                    ("unknown", "Unknown"),
                                    ("excluded", "Excluded at launch"),
                                    ("skipped", "Skipped at the last moment"),
                                    ("cancelled", "Cancelled"),
                                    ("expired", "Expired"),
                                ],
                                max_length=16,
                            ),
                        ),
                        (
                            "reason",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("merged", "Merged into another contact"),
                                    ("erased", "Erased"),
                                    ("no_address", "No address"),
                                    ("suppressed", "Suppressed"),
                                    ("no_consent", "No consent"),
                                    ("control", "In the control group"),
                                    ("holdout", "Held out to measure the effect"),
                                    ("capped", "Has had as many messages as a cap allows"),
                                ],
                                db_default="",
                                max_length=16,
                            ),
                        ),
                        ("due_at", models.DateTimeField()),
                        ("attempts", models.PositiveSmallIntegerField(db_default=0, default=0)),
                        ("lease_token", models.UUIDField(blank=True, null=True)),
                        ("leased_until", models.DateTimeField(blank=True, null=True)),
                        ("mail_id", models.CharField(blank=True, db_default="", max_length=300)),
                        ("is_retryable", models.BooleanField(db_default=False, default=False)),
                        ("answer", models.CharField(blank=True, db_default="", help_text="What the server said.", max_length=500)),
                        ("finished_at", models.DateTimeField(blank=True, null=True)),
                        ("contact", models.ForeignKey(db_index=False, on_delete=models.PROTECT, related_name="recipients", to="contacts.contact")),
                        ("message", models.ForeignKey(db_index=False, on_delete=models.PROTECT, related_name="recipients", to="messaging.message")),
                        ("waits_for", models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=models.DO_NOTHING, related_name="+", to="messaging.ratelimit")),
                        ("is_sample", models.BooleanField(db_default=False, default=False)),
                        ("variant", models.SmallIntegerField(blank=True, null=True)),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["message", "state", "id"], name="messaging_recipient_state"),
                            BrinIndex(autosummarize=True, fields=["finished_at"], name="messaging_recipient_finished"),
                            models.Index(condition=models.Q(("state", "planned"), ("waits_for__isnull", True)), fields=["due_at"], name="messaging_recipient_hour"),
                            models.Index(condition=models.Q(("state", "planned"), ("waits_for__isnull", False)), fields=["waits_for", "message", "id"], name="messaging_recipient_aside"),
                            models.Index(condition=models.Q(("is_sample", True)), fields=["message", "variant"], name="messaging_recipient_sample"),
                        ],
                        "constraints": [
                            models.UniqueConstraint(fields=("contact", "message", "occurrence"), name="messaging_recipient_once"),
                            models.CheckConstraint(condition=models.Q(("state__in", ["excluded", "skipped"]), ("reason", ""), _connector="XOR"), name="messaging_recipient_left_out_for_a_reason"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state__in", ["leased", "sending"]), _negated=True), models.Q(("lease_token__isnull", False), ("leased_until__isnull", False)), _connector="OR"
                                ),
                                name="messaging_recipient_held_under_a_lease",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DeliveryEvent",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "kind",
                            models.CharField(
                                choices=[("opened", "Opened"), ("clicked", "Clicked"), ("unsubscribed", "Unsubscribed"), ("bounced", "Bounced"), ("complained", "Complained")], max_length=16
                            ),
                        ),
                        ("at", models.DateTimeField()),
                        ("machine_reason", models.CharField(blank=True, max_length=32)),
                        ("contact", models.ForeignKey(db_constraint=False, db_index=False, on_delete=models.DO_NOTHING, related_name="delivery_events", to="contacts.contact")),
                        ("link", models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=models.DO_NOTHING, related_name="+", to="messaging.link")),
                        ("message", models.ForeignKey(db_constraint=False, db_index=False, on_delete=models.DO_NOTHING, related_name="+", to="messaging.message")),
                        ("recipient", models.ForeignKey(db_constraint=False, db_index=False, on_delete=models.DO_NOTHING, related_name="delivery_events", to="messaging.recipient")),
                        ("bounce_class", models.CharField(blank=True, db_default="", default="", max_length=8)),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["message", "kind", "recipient"], name="messaging_event_message"),
                            models.Index(fields=["contact", "-at"], name="messaging_event_contact"),
                            models.Index(fields=["recipient", "at"], name="messaging_event_recipient"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SendingPolicy",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("control_percent", models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(50)], verbose_name="control group, in percent")),
                        ("control_seed", models.PositiveIntegerField(default=1, validators=[MaxValueValidator(2147483647)], verbose_name="seed")),
                        ("timezone", models.CharField(default="UTC", max_length=64, verbose_name="time zone")),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(condition=models.Q(("pk", 1)), name="messaging_sendingpolicy_only_one"),
                            models.CheckConstraint(condition=models.Q(("control_percent__lte", 50)), name="messaging_sendingpolicy_control_is_a_part"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CapTally",
                    fields=[
                        ("contact", models.OneToOneField(on_delete=models.CASCADE, primary_key=True, related_name="+", serialize=False, to="contacts.contact")),
                        ("entries", models.JSONField(default=list)),
                    ],
                ),
                migrations.CreateModel(
                    name="FrequencyCap",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("channel", models.CharField(blank=True, choices=[("email", "E-mail"), ("sms", "SMS")], max_length=8, verbose_name="channel")),
                        ("topic", models.CharField(blank=True, max_length=64, verbose_name="topic")),
                        ("most", models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(100)], verbose_name="at most")),
                        ("days", models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1), MaxValueValidator(92)], verbose_name="in so many days")),
                        ("is_active", models.BooleanField(default=True, verbose_name="in force")),
                    ],
                    options={
                        "ordering": ["channel", "topic", "days"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("channel", "topic", "days"), name="messaging_frequencycap_once", violation_error_message="There is a cap for this channel, topic and number of days."
                            ),
                            models.CheckConstraint(condition=models.Q(("days__gte", 1), ("days__lte", 92), ("most__gte", 1), ("most__lte", 100)), name="messaging_frequencycap_in_range"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RuleNote",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("rule", models.CharField(choices=[("cap", "Frequency cap"), ("quiet", "Quiet hours"), ("rate", "Rate limit")], max_length=8)),
                        ("at", models.DateTimeField()),
                        ("until", models.DateTimeField(blank=True, null=True)),
                        ("facts", models.JSONField()),
                        ("contact", models.ForeignKey(db_constraint=False, db_index=False, on_delete=models.DO_NOTHING, related_name="+", to="contacts.contact")),
                        ("recipient", models.ForeignKey(db_constraint=False, db_index=False, on_delete=models.DO_NOTHING, related_name="rule_notes", to="messaging.recipient")),
                    ],
                    options={
                        "indexes": [models.Index(fields=["contact", "recipient", "at"], name="messaging_rulenote_contact")],
                    },
                ),
                migrations.CreateModel(
                    name="QuietHours",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("channel", models.CharField(choices=[("email", "E-mail"), ("sms", "SMS")], default="email", max_length=8, unique=True, verbose_name="channel")),
                        ("starts", models.TimeField(verbose_name="from")),
                        ("ends", models.TimeField(verbose_name="until")),
                        ("is_active", models.BooleanField(default=True, verbose_name="in force")),
                    ],
                    options={
                        "ordering": ["channel"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("starts", models.F("ends")), _negated=True),
                                name="messaging_quiethours_end",
                                violation_error_message="Quiet hours begin and end at different times.",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DeliveryReport",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("event_key", models.BinaryField(max_length=32)),
                        (
                            "source",
                            models.CharField(
                                choices=[("mail", "Bounce mailbox"), ("api", "API"), ("talk", "Refused while it was handed over"), ("provider", "Provider")], max_length=8, verbose_name="came by"
                            ),
                        ),
                        (
                            "verdict",
                            models.CharField(
                                choices=[
                                    ("hard", "No such address"),
                                    ("soft", "Could not be reached"),
                                    ("ours", "Turned away"),
                                    ("delayed", "Delayed"),
                                    ("delivered", "Delivered"),
                                    ("complaint", "Complaint"),
                                    ("unsubscribed", "Unsubscribed"),
                                    ("other", "Something else"),
                                ],
                                max_length=16,
                                verbose_name="verdict",
                            ),
                        ),
                        ("status", models.CharField(blank=True, max_length=16, verbose_name="status")),
                        ("answer", models.CharField(blank=True, max_length=500, verbose_name="what it said")),
                        ("at", models.DateTimeField(verbose_name="received")),
                        ("contact", models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=models.DO_NOTHING, related_name="delivery_reports", to="contacts.contact")),
                        ("message", models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=models.DO_NOTHING, related_name="+", to="messaging.message")),
                        ("recipient", models.ForeignKey(db_constraint=False, null=True, on_delete=models.DO_NOTHING, related_name="reports", to="messaging.recipient")),
                    ],
                    options={
                        "indexes": [models.Index(fields=["-at", "-id"], name="messaging_report_newest"), models.Index(fields=["verdict", "-at", "-id"], name="messaging_report_verdict")],
                        "constraints": [
                            models.UniqueConstraint(fields=("contact", "event_key"), name="messaging_report_once", nulls_distinct=False),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("contact__isnull", True), ("message__isnull", True), ("recipient__isnull", True)),
                                    models.Q(("contact__isnull", False), ("message__isnull", False), ("recipient__isnull", False)),
                                    _connector="OR",
                                ),
                                name="messaging_report_of_one_mail",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SendingDomain",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("name", models.CharField(max_length=253, unique=True, validators=[host_validate], verbose_name="domain")),
                        ("spf", models.CharField(blank=True, max_length=300, verbose_name="SPF of your mail server")),
                        ("return_path", models.EmailField(blank=True, max_length=254, validators=[own_address_validate], verbose_name="return path")),
                        ("return_mx", models.CharField(blank=True, max_length=253, validators=[host_validate], verbose_name="mail server of the return path")),
                        ("tracking_host", models.CharField(blank=True, max_length=253, validators=[host_validate], verbose_name="host of links")),
                        ("server_selector", models.CharField(blank=True, max_length=63, validators=[selector_validate], verbose_name="DKIM selector of your mail server")),
                        ("selector", models.CharField(default="bookend", max_length=63)),
                        ("public_key", models.TextField(blank=True)),
                        ("private_key", models.TextField(blank=True)),
                        ("is_signing", models.BooleanField(default=False)),
                        ("findings", models.JSONField(blank=True, default=list)),
                        ("checked_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "ordering": ["name"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("is_signing", False), models.Q(models.Q(("private_key", ""), _negated=True), ("server_selector", "")), _connector="OR"),
                                name="messaging_domain_signs_with_a_key",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DomainFigure",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("sending_domain", models.CharField(max_length=253)),
                        ("domain", models.CharField(blank=True, max_length=253)),
                        ("sent", models.PositiveIntegerField()),
                        ("hard", models.PositiveIntegerField()),
                        ("soft", models.PositiveIntegerField()),
                        ("ours", models.PositiveIntegerField()),
                        ("complained", models.PositiveIntegerField()),
                        ("unknown", models.PositiveIntegerField()),
                        ("refreshed_at", models.DateTimeField()),
                        ("message", models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name="domain_figures", to="messaging.message")),
                    ],
                    options={
                        "constraints": [models.UniqueConstraint(fields=("message", "domain"), name="messaging_figure_once")],
                    },
                ),
                migrations.CreateModel(
                    name="RateLimit",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("domain", models.CharField(blank=True, max_length=253, validators=[host_validate], verbose_name="domain of recipients")),
                        ("most", models.PositiveIntegerField(validators=[MinValueValidator(1), MaxValueValidator(10000000)], verbose_name="at most")),
                        ("per", models.CharField(choices=[("second", "second"), ("minute", "minute"), ("hour", "hour"), ("day", "day")], default="hour", max_length=8, verbose_name="in any")),
                        ("is_active", models.BooleanField(default=True, verbose_name="in force")),
                        ("sender", models.ForeignKey(blank=True, null=True, on_delete=models.CASCADE, related_name="rate_limits", to="messaging.sender")),
                    ],
                    options={
                        "ordering": ["domain", "sender", "id"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("sender__isnull", True), ("domain", ""), _connector="XOR"),
                                name="messaging_ratelimit_sender_or_domain",
                                violation_error_message="Choose a sender, or name a domain.",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("sender__isnull", False)),
                                fields=("sender", "per"),
                                name="messaging_ratelimit_once_a_sender",
                                violation_error_message="This sender has a limit for this time already.",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("domain", ""), _negated=True),
                                fields=("domain", "per"),
                                name="messaging_ratelimit_once_a_domain",
                                violation_error_message="This domain has a limit for this time already.",
                            ),
                            models.CheckConstraint(condition=models.Q(("most__gte", 1), ("most__lte", 10000000)), name="messaging_ratelimit_in_range"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RateTally",
                    fields=[
                        ("key", models.CharField(max_length=32, primary_key=True, serialize=False)),
                        ("used", models.JSONField(default=list)),
                    ],
                ),
                migrations.CreateModel(
                    name="WarmUp",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("starts_on", models.DateField(verbose_name="first day")),
                        ("timezone", models.CharField(default="UTC", max_length=64, verbose_name="time zone")),
                        ("ceilings", models.JSONField(verbose_name="at most, day by day")),
                        ("is_active", models.BooleanField(default=True, verbose_name="in force")),
                        ("sender", models.OneToOneField(on_delete=models.CASCADE, related_name="warm_up", to="messaging.sender")),
                    ],
                    options={
                        "ordering": ["sender"],
                    },
                ),
                migrations.CreateModel(
                    name="Provider",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("name", models.CharField(max_length=100, unique=True, verbose_name="name")),
                        ("kind", models.CharField(max_length=32, verbose_name="kind")),
                        ("settings", models.JSONField(default=dict)),
                        ("credentials", models.TextField()),
                        ("hook_secret", models.TextField()),
                        ("hook_hash", models.BinaryField(max_length=32, unique=True)),
                        ("is_active", models.BooleanField(default=True, verbose_name="in use")),
                        ("checked_at", models.DateTimeField(blank=True, null=True)),
                        ("check_fault", models.CharField(blank=True, max_length=500)),
                    ],
                    options={
                        "ordering": ["name"],
                    },
                ),
                migrations.CreateModel(
                    name="Experiment",
                    fields=[
                        ("message", models.OneToOneField(on_delete=models.CASCADE, primary_key=True, related_name="experiment", serialize=False, to="messaging.message")),
                        ("sample_percent", models.PositiveSmallIntegerField(default=20, validators=[MinValueValidator(1), MaxValueValidator(100)], verbose_name="sample, in percent")),
                        (
                            "metric",
                            models.CharField(
                                choices=[("opened", "Opens by people"), ("clicked", "Clicks by people"), ("converted", "Conversions: the campaign's goal")],
                                max_length=16,
                                verbose_name="the winner has the most",
                            ),
                        ),
                        ("wait_minutes", models.PositiveIntegerField(default=240, validators=[MinValueValidator(1), MaxValueValidator(43200)], verbose_name="wait, in minutes")),
                        (
                            "confidence",
                            models.PositiveSmallIntegerField(
                                choices=[(0, "Plainly the best"), (80, "Sure to 80 %"), (90, "Sure to 90 %"), (95, "Sure to 95 %")], default=0, verbose_name="to win, it must be"
                            ),
                        ),
                        (
                            "otherwise",
                            models.CharField(
                                choices=[("best", "Send the best of them all the same"), ("stop", "Stop: the rest gets nothing")], default="best", max_length=8, verbose_name="if none wins"
                            ),
                        ),
                        ("decide_at", models.DateTimeField(blank=True, null=True)),
                        ("decided_at", models.DateTimeField(blank=True, null=True)),
                        ("winner", models.PositiveSmallIntegerField(blank=True, null=True)),
                        ("has_won", models.BooleanField(default=False)),
                        ("found", models.JSONField(blank=True, default=list)),
                        ("decided_by", models.ForeignKey(blank=True, null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        "indexes": [models.Index(condition=models.Q(("decided_at__isnull", True)), fields=["decide_at"], name="messaging_experiment_undecided")],
                        "constraints": [
                            models.CheckConstraint(condition=models.Q(("sample_percent__gte", 1), ("sample_percent__lte", 100)), name="messaging_experiment_sample_is_a_part"),
                            models.CheckConstraint(
                                condition=models.Q(("decided_at__isnull", False), models.Q(("decided_by", None), ("has_won", False), ("winner", None)), _connector="OR"),
                                name="messaging_experiment_winner_once_decided",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Variant",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("number", models.PositiveSmallIntegerField()),
                        ("subject", models.CharField(blank=True, max_length=500, verbose_name="subject")),
                        ("first_link", models.PositiveSmallIntegerField(default=0)),
                        ("experiment", models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name="variants", to="messaging.experiment")),
                        ("template", models.ForeignKey(blank=True, null=True, on_delete=models.PROTECT, related_name="+", to="content.template")),
                        ("template_version", models.ForeignKey(blank=True, null=True, on_delete=models.PROTECT, related_name="+", to="content.templateversion")),
                    ],
                    options={
                        "ordering": ["number"],
                        "constraints": [
                            models.UniqueConstraint(fields=("experiment", "number"), name="messaging_variant_once"),
                            models.CheckConstraint(condition=models.Q(("number__lt", 8)), name="messaging_variant_has_a_letter"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Settlement",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("verdict", models.CharField(choices=[("sent", "It was sent"), ("not_sent", "It was not sent: try again"), ("left", "Leave it unknown")], max_length=8)),
                        ("reason", models.CharField(max_length=500)),
                        ("at", models.DateTimeField()),
                        ("by", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("contact", models.ForeignKey(db_constraint=False, db_index=False, on_delete=models.DO_NOTHING, related_name="+", to="contacts.contact")),
                        ("message", models.ForeignKey(db_index=False, on_delete=models.PROTECT, related_name="settlements", to="messaging.message")),
                        ("recipient", models.ForeignKey(db_constraint=False, db_index=False, on_delete=models.DO_NOTHING, related_name="settlements", to="messaging.recipient")),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["message", "recipient", "at"], name="messaging_settlement_message"),
                            models.Index(fields=["contact", "recipient"], name="messaging_settlement_contact"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SendingHome",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("database", models.CharField(max_length=64)),
                        ("since", models.DateTimeField()),
                        ("stuck_told_at", models.DateTimeField(blank=True, null=True)),
                        ("by", models.ForeignKey(blank=True, null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        "constraints": [models.CheckConstraint(condition=models.Q(("pk", 1)), name="messaging_sendinghome_only_one")],
                    },
                ),
                migrations.CreateModel(
                    name="LedgerTally",
                    fields=[
                        ("message", models.OneToOneField(on_delete=models.CASCADE, primary_key=True, related_name="tally", serialize=False, to="messaging.message")),
                        ("facts", models.JSONField()),
                        ("counted_at", models.DateTimeField()),
                    ],
                ),
            ],
        ),
        migrations.RunPython(partition, migrations.RunPython.noop),
        migrations.RunSQL(_zone.MAKE, _zone.DROP),
        *(migrations.RunSQL(make, take) for make, take in _changes_noted.triggers()),
    ]
