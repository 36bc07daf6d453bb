from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, OpClass
from django.contrib.postgres.operations import TrigramExtension
from django.core.validators import RegexValidator
from django.db import migrations, models
from django.db.models.functions import Lower, Upper

from apps.contacts.migrations import _identity_guard
from apps.contacts.models.dictionary import all_uses
from apps.contacts.models.topic import email_only
from apps.core.partitions import table_partition
from apps.core.tables import TablesCreate


def partition(apps, editor):
    table_partition(editor, "contacts_event", by="occurred_at")


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("contacts", "0001_initial"),
        ("contacts", "0002_event_partitions"),
        ("contacts", "0003_importkey_unlogged"),
        ("contacts", "0004_contact_phone_hash"),
        ("contacts", "0005_contact_phone_hashes"),
        ("contacts", "0006_text_indexes_shorter"),
        ("contacts", "0007_importkey_of_contact"),
        ("contacts", "0008_contact_merge"),
        ("contacts", "0009_contact_merged_is_gone"),
        ("contacts", "0010_contact_phone_index"),
        ("contacts", "0011_erasure_log"),
        ("contacts", "0012_topics"),
        ("contacts", "0013_topics_described"),
        ("contacts", "0014_confirmations"),
        ("contacts", "0015_suppression_from_a_list"),
        ("contacts", "0016_identity_contact_in_sets"),
        ("contacts", "0017_event_schemas"),
        ("contacts", "0018_attribute_applies_to"),
        ("contacts", "0019_companies"),
        ("contacts", "0020_quality_trigrams"),
        ("contacts", "0021_quality"),
        ("contacts", "0022_importfile_sheet"),
        ("contacts", "0023_importfile_reading"),
        ("contacts", "0024_importfile_rules"),
        ("contacts", "0025_import_undo"),
        ("contacts", "0026_import_mappings"),
        ("contacts", "0027_attribute_is_computed"),
        ("contacts", "0028_import_about"),
        ("contacts", "0029_import_saved_mapping"),
        ("contacts", "0030_consent_network"),
        ("contacts", "0031_systems"),
        ("contacts", "0060_suppression_at"),
        ("contacts", "0061_import_digests"),
    ]
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        TrigramExtension(),
        TablesCreate(
            [
                migrations.CreateModel(
                    name="EventType",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("name", models.CharField(max_length=128, unique=True)),
                        ("first_seen_at", models.DateTimeField()),
                        ("last_seen_at", models.DateTimeField()),
                        ("properties", models.JSONField(default=dict)),
                    ],
                    options={
                        "ordering": ["name"],
                    },
                ),
                migrations.CreateModel(
                    name="Attribute",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        (
                            "key",
                            models.CharField(
                                max_length=63, validators=[RegexValidator("^[a-z][a-z0-9]*(_[a-z0-9]+)*$", "Lower-case words joined by underscores, such as last_order.")], verbose_name="system name"
                            ),
                        ),
                        ("label", models.CharField(max_length=100, verbose_name="business name")),
                        (
                            "type",
                            models.CharField(
                                choices=[
                                    ("text", "Text"),
                                    ("number", "Number"),
                                    ("money", "Money"),
                                    ("boolean", "Yes or no"),
                                    ("date", "Date"),
                                    ("datetime", "Date and time"),
                                    ("choice", "One of a list"),
                                    ("list", "Several of a list"),
                                ],
                                max_length=16,
                                verbose_name="type",
                            ),
                        ),
                        ("definition", models.TextField(blank=True, verbose_name="definition")),
                        ("source", models.CharField(blank=True, max_length=100, verbose_name="source system")),
                        (
                            "sensitivity",
                            models.CharField(choices=[("normal", "Normal"), ("personal", "Personal"), ("sensitive", "Sensitive")], default="normal", max_length=16, verbose_name="sensitivity"),
                        ),
                        (
                            "uses",
                            ArrayField(
                                base_field=models.CharField(choices=[("targeting", "Targeting"), ("content", "Content"), ("insight", "Insight")], max_length=16),
                                default=all_uses,
                                size=None,
                                verbose_name="uses",
                            ),
                        ),
                        ("choices", ArrayField(base_field=models.CharField(max_length=200), blank=True, default=list, size=None, verbose_name="choices")),
                        ("is_indexed", models.BooleanField(default=False, verbose_name="indexed")),
                        ("index_built_at", models.DateTimeField(blank=True, null=True)),
                        ("removed_at", models.DateTimeField(blank=True, null=True)),
                        ("is_defined", models.BooleanField(default=True)),
                        ("owner", models.ForeignKey(blank=True, null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="owner")),
                        ("applies_to", models.CharField(choices=[("contact", "Contacts"), ("company", "Companies")], db_default="contact", default="contact", max_length=8, verbose_name="about")),
                        ("is_computed", models.BooleanField(db_default=False, default=False)),
                    ],
                    options={
                        "ordering": ["label"],
                        "base_manager_name": "all_objects",
                        "constraints": [
                            models.UniqueConstraint(fields=("applies_to", "key"), name="contacts_attribute_once"),
                            models.CheckConstraint(
                                condition=models.Q(("is_computed", False), models.Q(("applies_to", "contact"), ("type", "boolean")), _connector="OR"), name="contacts_attribute_computed_is_yes_or_no"
                            ),
                        ],
                    },
                    managers=[
                        ("current", models.Manager()),
                        ("all_objects", models.Manager()),
                    ],
                ),
                migrations.CreateModel(
                    name="Contact",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("email", models.CharField(blank=True, db_default="", max_length=254)),
                        ("email_hash", models.BinaryField(blank=True, max_length=32, null=True)),
                        ("phone", models.CharField(blank=True, db_default="", max_length=32)),
                        ("attributes", models.JSONField(db_default=models.Value({}, output_field=models.JSONField()), default=dict)),
                        ("timezone", models.CharField(blank=True, db_default="", max_length=64)),
                        ("erased_at", models.DateTimeField(blank=True, null=True)),
                        ("phone_hash", models.BinaryField(blank=True, max_length=32, null=True)),
                        ("merged_into", models.BigIntegerField(blank=True, null=True)),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["email"], name="contacts_contact_email", opclasses=["text_pattern_ops"]),
                            BrinIndex(fields=["created_at"], name="contacts_contact_created"),
                            models.Index(condition=models.Q(("phone", ""), _negated=True), fields=["phone"], name="contacts_contact_phone"),
                        ],
                        "constraints": [models.CheckConstraint(condition=models.Q(("merged_into", None), ("erased_at__isnull", False), _connector="OR"), name="contacts_contact_merged_is_gone")],
                    },
                ),
                migrations.CreateModel(
                    name="ImportFile",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("file", models.FileField(upload_to="imports/%Y/%m/")),
                        ("file_name", models.CharField(max_length=200)),
                        ("file_size", models.BigIntegerField(default=0)),
                        ("encoding", models.CharField(default="utf-8", max_length=16)),
                        ("delimiter", models.CharField(default=",", max_length=1)),
                        ("columns", models.JSONField(default=list)),
                        ("mapping", models.JSONField(default=dict)),
                        ("key", models.CharField(default="email", max_length=40)),
                        (
                            "mode",
                            models.CharField(
                                choices=[("upsert", "Add new ones and update known ones"), ("create", "Only add new ones"), ("update", "Only update known ones")], default="upsert", max_length=8
                            ),
                        ),
                        ("consent", models.JSONField(default=dict)),
                        ("is_dry_run", models.BooleanField(default=False)),
                        (
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
                        ("error", models.CharField(blank=True, max_length=500)),
                        ("rows_total", models.BigIntegerField(default=0)),
                        ("created", models.BigIntegerField(default=0)),
                        ("updated", models.BigIntegerField(default=0)),
                        ("unchanged", models.BigIntegerField(default=0)),
                        ("invalid", models.BigIntegerField(default=0)),
                        ("suppressed", models.BigIntegerField(default=0)),
                        ("duplicate", models.BigIntegerField(default=0)),
                        ("bytes_total", models.BigIntegerField(default=0)),
                        ("bytes_done", models.BigIntegerField(default=0)),
                        ("row_done", models.BigIntegerField(default=0)),
                        ("samples", models.JSONField(default=dict)),
                        ("queued_at", models.DateTimeField(blank=True, null=True)),
                        ("started_at", models.DateTimeField(blank=True, null=True)),
                        ("finished_at", models.DateTimeField(blank=True, null=True)),
                        ("lease_token", models.UUIDField(blank=True, null=True)),
                        ("leased_until", models.DateTimeField(blank=True, null=True)),
                        ("by", models.ForeignKey(null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("sheet", models.CharField(blank=True, max_length=100)),
                        ("sheets", models.JSONField(default=list)),
                        ("terms", models.JSONField(default=dict)),
                        ("rules", models.JSONField(default=dict)),
                        ("undo", models.JSONField(default=dict)),
                        ("undone_at", models.DateTimeField(blank=True, null=True)),
                        ("undone_by", models.ForeignKey(db_index=False, null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                        (
                            "about",
                            models.CharField(
                                choices=[("contacts", "Contacts"), ("companies", "Companies"), ("members", "People of companies"), ("events", "Events")],
                                db_default="contacts",
                                default="contacts",
                                max_length=16,
                            ),
                        ),
                        ("saved_mapping", models.ForeignKey(blank=True, null=True, on_delete=models.SET_NULL, related_name="imports", to="contacts.importmapping")),
                        ("fingerprint", models.CharField(blank=True, db_default="", default="", max_length=64)),
                    ],
                    options={
                        "indexes": [
                            models.Index(condition=models.Q(("state__in", ["pending", "running"])), fields=["id"], name="contacts_importfile_open"),
                            models.Index(condition=models.Q(("fingerprint", ""), _negated=True), fields=["fingerprint", "-id"], name="contacts_importfile_alike"),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "done"), _negated=True),
                                    ("rows_total", models.F("created") + models.F("updated") + models.F("unchanged") + models.F("invalid") + models.F("suppressed") + models.F("duplicate")),
                                    _connector="OR",
                                ),
                                name="contacts_importfile_counts_sum",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ImportFault",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("row", models.BigIntegerField()),
                        ("column", models.CharField(blank=True, max_length=200)),
                        ("reason", models.CharField(max_length=500)),
                        ("cells", ArrayField(base_field=models.TextField(), default=list, size=None)),
                        ("import_file", models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name="faults", to="contacts.importfile")),
                    ],
                    options={
                        "constraints": [models.UniqueConstraint(fields=("import_file", "row"), name="contacts_importfault_once")],
                    },
                ),
                migrations.CreateModel(
                    name="Suppression",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("channel", models.CharField(choices=[("email", "E-mail"), ("sms", "SMS")], max_length=8)),
                        ("address_hash", models.BinaryField(max_length=32)),
                        (
                            "reason",
                            models.CharField(
                                choices=[
                                    ("unsubscribed", "Unsubscribed"),
                                    ("bounced", "Address does not exist"),
                                    ("complained", "Complained"),
                                    ("erased", "Erased"),
                                    ("by_hand", "Added by hand"),
                                    ("imported", "From a list"),
                                ],
                                max_length=16,
                            ),
                        ),
                        ("at", models.DateTimeField()),
                        ("source", models.CharField(blank=True, max_length=200)),
                        ("by", models.ForeignKey(null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        "indexes": [models.Index(fields=["at"], name="contacts_suppression_at")],
                        "constraints": [models.UniqueConstraint(fields=("address_hash", "channel"), name="contacts_suppression_once")],
                    },
                ),
                migrations.CreateModel(
                    name="ConsentEvent",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("channel", models.CharField(choices=[("email", "E-mail"), ("sms", "SMS")], max_length=8)),
                        ("topic", models.CharField(blank=True, max_length=64)),
                        ("status", models.CharField(choices=[("subscribed", "Subscribed"), ("pending", "Waiting for confirmation"), ("unsubscribed", "Unsubscribed")], max_length=16)),
                        ("at", models.DateTimeField()),
                        ("basis", models.CharField(blank=True, max_length=64)),
                        ("source", models.CharField(blank=True, max_length=200)),
                        ("wording", models.TextField(blank=True)),
                        ("by", models.ForeignKey(db_index=False, null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("contact", models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name="consent_events", to="contacts.contact")),
                        ("network", models.GenericIPAddressField(blank=True, null=True)),
                    ],
                    options={
                        "indexes": [models.Index(fields=["contact", "-at"], name="contacts_consent_history")],
                    },
                ),
                migrations.CreateModel(
                    name="Consent",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("channel", models.CharField(choices=[("email", "E-mail"), ("sms", "SMS")], max_length=8)),
                        ("topic", models.CharField(blank=True, db_default="", max_length=64)),
                        ("status", models.CharField(choices=[("subscribed", "Subscribed"), ("pending", "Waiting for confirmation"), ("unsubscribed", "Unsubscribed")], max_length=16)),
                        ("changed_at", models.DateTimeField()),
                        ("contact", models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name="consents", to="contacts.contact")),
                    ],
                    options={
                        "constraints": [models.UniqueConstraint(fields=("contact", "channel", "topic"), include=("status",), name="contacts_consent_once")],
                    },
                ),
                migrations.CreateModel(
                    name="Event",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("name", models.CharField(max_length=128)),
                        ("occurred_at", models.DateTimeField()),
                        ("received_at", models.DateTimeField()),
                        ("properties", models.JSONField(default=dict)),
                        ("source", models.CharField(blank=True, max_length=64)),
                        ("message_key", models.UUIDField(null=True)),
                        ("contact", models.ForeignKey(db_constraint=False, db_index=False, on_delete=models.DO_NOTHING, related_name="events", to="contacts.contact")),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["contact", "-occurred_at"], name="contacts_event_timeline"),
                            models.Index(fields=["name", "occurred_at"], include=("contact",), name="contacts_event_name"),
                            models.Index(fields=["received_at"], name="contacts_event_received"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="EventReceipt",
                    fields=[
                        ("pk", models.CompositePrimaryKey("contact_id", "message_key", blank=True, editable=False, primary_key=True, serialize=False)),
                        ("message_key", models.UUIDField()),
                        ("received_at", models.DateTimeField()),
                        ("contact", models.ForeignKey(db_constraint=False, db_index=False, on_delete=models.DO_NOTHING, related_name="+", to="contacts.contact")),
                    ],
                    options={
                        "indexes": [models.Index(fields=["received_at"], name="contacts_eventreceipt_age")],
                    },
                ),
                migrations.CreateModel(
                    name="Identity",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("namespace", models.CharField(max_length=32)),
                        ("value", models.CharField(max_length=254)),
                        ("created_at", models.DateTimeField()),
                        ("contact", models.ForeignKey(db_constraint=False, on_delete=models.CASCADE, related_name="identities", to="contacts.contact")),
                    ],
                    options={
                        "constraints": [models.UniqueConstraint(fields=("namespace", "value"), name="contacts_identity_once")],
                    },
                ),
                migrations.CreateModel(
                    name="ImportKey",
                    fields=[
                        ("pk", models.CompositePrimaryKey("import_file_id", "key", blank=True, editable=False, primary_key=True, serialize=False)),
                        ("key", models.BigIntegerField()),
                        ("import_file", models.ForeignKey(db_constraint=False, db_index=False, on_delete=models.CASCADE, related_name="keys", to="contacts.importfile")),
                        ("is_new", models.BooleanField(db_default=False, default=False)),
                        ("before", models.JSONField(null=True)),
                        ("kept", models.CharField(db_default="", default="", max_length=32)),
                        ("digest", models.BigIntegerField(null=True)),
                        ("version", models.BigIntegerField(null=True)),
                    ],
                ),
                migrations.CreateModel(
                    name="ContactMerge",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("at", models.DateTimeField()),
                        ("filled", models.JSONField(default=list)),
                        ("moved", models.JSONField(default=dict)),
                        ("undone_at", models.DateTimeField(blank=True, null=True)),
                        ("by", models.ForeignKey(null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("contact", models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name="merges", to="contacts.contact")),
                        ("gone", models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name="+", to="contacts.contact")),
                        ("undone_by", models.ForeignKey(blank=True, null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["contact", "-at"], name="contacts_merge_history"),
                            models.Index(fields=["gone"], name="contacts_merge_gone"),
                            models.Index(condition=models.Q(("undone_at", None)), fields=["at"], name="contacts_merge_recent"),
                        ],
                        "constraints": [models.CheckConstraint(condition=models.Q(("contact", models.F("gone")), _negated=True), name="contacts_merge_of_two")],
                    },
                ),
                migrations.CreateModel(
                    name="Erasure",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("at", models.DateTimeField()),
                        ("why", models.CharField(blank=True, max_length=500)),
                        ("merged", ArrayField(base_field=models.BigIntegerField(), default=list, size=None)),
                        ("names", ArrayField(base_field=models.CharField(max_length=64), default=list, size=None)),
                        ("logged_at", models.DateTimeField(blank=True, null=True)),
                        ("by", models.ForeignKey(null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("contact", models.ForeignKey(db_constraint=False, on_delete=models.DO_NOTHING, related_name="+", to="contacts.contact")),
                    ],
                    options={
                        "indexes": [models.Index(fields=["at"], name="contacts_erasure_at"), models.Index(condition=models.Q(("logged_at", None)), fields=["id"], name="contacts_erasure_unlogged")],
                    },
                ),
                migrations.CreateModel(
                    name="Topic",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("key", models.CharField(max_length=64, unique=True, verbose_name="system name")),
                        ("name", models.CharField(max_length=100, verbose_name="name")),
                        ("description", models.CharField(blank=True, max_length=500, verbose_name="description")),
                        ("channels", ArrayField(base_field=models.CharField(choices=[("email", "E-mail"), ("sms", "SMS")], max_length=8), default=email_only, size=None)),
                        ("is_public", models.BooleanField(default=False, verbose_name="public")),
                        ("position", models.PositiveIntegerField(default=0, verbose_name="position")),
                    ],
                    options={
                        "ordering": ["position", "name", "id"],
                    },
                ),
                migrations.CreateModel(
                    name="Confirmation",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("channel", models.CharField(choices=[("email", "E-mail"), ("sms", "SMS")], max_length=8)),
                        ("topic", models.CharField(blank=True, max_length=64)),
                        ("number", models.PositiveIntegerField(default=1)),
                        ("address_hash", models.BinaryField(max_length=32)),
                        ("basis", models.CharField(max_length=64)),
                        ("source", models.CharField(blank=True, max_length=200)),
                        ("wording", models.TextField()),
                        ("asked_at", models.DateTimeField()),
                        ("mailed_at", models.DateTimeField()),
                        ("mails", models.PositiveSmallIntegerField(default=1)),
                        ("sent_at", models.DateTimeField(blank=True, null=True)),
                        ("expires_at", models.DateTimeField()),
                        ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                        ("by", models.ForeignKey(db_index=False, null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("contact", models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name="confirmations", to="contacts.contact")),
                    ],
                    options={
                        "constraints": [models.UniqueConstraint(fields=("contact", "channel", "topic"), name="contacts_confirmation_once")],
                    },
                ),
                migrations.CreateModel(
                    name="EventSchema",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("label", models.CharField(blank=True, max_length=100, verbose_name="business name")),
                        ("description", models.TextField(blank=True, max_length=2000, verbose_name="description")),
                        (
                            "mode",
                            models.CharField(
                                choices=[("off", "Not checked"), ("warn", "Kept and counted"), ("quarantine", "Kept apart")], default="off", max_length=16, verbose_name="events that do not fit"
                            ),
                        ),
                        ("fields", models.JSONField(blank=True, default=list)),
                        ("version", models.PositiveIntegerField(default=0)),
                        ("event_type", models.OneToOneField(on_delete=models.CASCADE, related_name="schema", to="contacts.eventtype")),
                        ("owner", models.ForeignKey(blank=True, null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="owner")),
                    ],
                    options={
                        "verbose_name": "event schema",
                        "verbose_name_plural": "event schemas",
                    },
                ),
                migrations.CreateModel(
                    name="EventTally",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("at", models.DateTimeField()),
                        ("name", models.CharField(max_length=128)),
                        ("source", models.CharField(blank=True, max_length=64)),
                        ("count", models.BigIntegerField()),
                        ("late", models.BigIntegerField()),
                        ("ahead", models.BigIntegerField()),
                    ],
                    options={
                        "verbose_name": "tally of events",
                        "verbose_name_plural": "tallies of events",
                        "indexes": [models.Index(fields=["at"], name="contacts_eventtally_at")],
                        "constraints": [models.UniqueConstraint(fields=("name", "at", "source"), name="contacts_eventtally_once")],
                    },
                ),
                migrations.CreateModel(
                    name="EventSample",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("field", models.CharField(max_length=255)),
                        ("reason", models.CharField(max_length=16)),
                        ("occurred_at", models.DateTimeField()),
                        ("message_key", models.UUIDField()),
                        ("at", models.DateTimeField()),
                        ("contact", models.ForeignKey(db_constraint=False, on_delete=models.DO_NOTHING, related_name="+", to="contacts.contact")),
                        ("event_type", models.ForeignKey(db_constraint=False, db_index=False, on_delete=models.CASCADE, related_name="samples", to="contacts.eventtype")),
                    ],
                    options={
                        "verbose_name": "sample of a violation",
                        "verbose_name_plural": "samples of violations",
                        "indexes": [models.Index(fields=["event_type", "field", "reason", "at"], name="contacts_eventsample_of_field"), models.Index(fields=["at"], name="contacts_eventsample_age")],
                    },
                ),
                migrations.CreateModel(
                    name="EventSchemaVersion",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("number", models.PositiveIntegerField()),
                        ("mode", models.CharField(choices=[("off", "Not checked"), ("warn", "Kept and counted"), ("quarantine", "Kept apart")], max_length=16)),
                        ("fields", models.JSONField()),
                        ("at", models.DateTimeField()),
                        ("by", models.ForeignKey(null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("schema", models.ForeignKey(on_delete=models.CASCADE, related_name="versions", to="contacts.eventschema")),
                    ],
                    options={
                        "verbose_name": "version of an event schema",
                        "verbose_name_plural": "versions of event schemas",
                        "ordering": ["-number"],
                        "constraints": [models.UniqueConstraint(fields=("schema", "number"), name="contacts_eventschemaversion_once")],
                    },
                ),
                migrations.CreateModel(
                    name="EventViolation",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("date", models.DateField()),
                        ("field", models.CharField(max_length=255)),
                        ("reason", models.CharField(max_length=16)),
                        ("slot", models.SmallIntegerField()),
                        ("count", models.BigIntegerField()),
                        ("event_type", models.ForeignKey(db_constraint=False, db_index=False, on_delete=models.CASCADE, related_name="violations", to="contacts.eventtype")),
                    ],
                    options={
                        "verbose_name": "violation",
                        "verbose_name_plural": "violations",
                        "indexes": [models.Index(fields=["date"], name="contacts_eventviolation_age")],
                        "constraints": [models.UniqueConstraint(fields=("event_type", "date", "field", "reason", "slot"), name="contacts_eventviolation_once")],
                    },
                ),
                migrations.CreateModel(
                    name="HeldEvent",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("occurred_at", models.DateTimeField()),
                        ("received_at", models.DateTimeField()),
                        ("properties", models.JSONField(default=dict)),
                        ("source", models.CharField(blank=True, max_length=64)),
                        ("message_key", models.UUIDField()),
                        ("faults", models.JSONField(default=list)),
                        ("contact", models.ForeignKey(db_constraint=False, on_delete=models.DO_NOTHING, related_name="+", to="contacts.contact")),
                        ("event_type", models.ForeignKey(db_constraint=False, db_index=False, on_delete=models.PROTECT, related_name="held", to="contacts.eventtype")),
                    ],
                    options={
                        "verbose_name": "event in quarantine",
                        "verbose_name_plural": "events in quarantine",
                        "indexes": [models.Index(fields=["event_type", "id"], name="contacts_heldevent_in_order"), models.Index(fields=["received_at"], name="contacts_heldevent_age")],
                    },
                ),
                migrations.CreateModel(
                    name="Company",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("name", models.CharField(max_length=200, verbose_name="name")),
                        ("domain", models.CharField(blank=True, db_default="", max_length=253, verbose_name="domain")),
                        ("attributes", models.JSONField(db_default=models.Value({}, output_field=models.JSONField()), default=dict)),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["name", "id"], name="contacts_company_name"),
                            models.Index(OpClass(Upper("name"), name="text_pattern_ops"), name="contacts_company_name_begins"),
                            models.Index(condition=models.Q(("domain", ""), _negated=True), fields=["domain"], name="contacts_company_domain_begins", opclasses=["text_pattern_ops"]),
                        ],
                        "constraints": [models.UniqueConstraint(condition=models.Q(("domain", ""), _negated=True), fields=("domain",), name="contacts_company_domain_once")],
                    },
                ),
                migrations.CreateModel(
                    name="CompanyIdentity",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("namespace", models.CharField(max_length=32)),
                        ("value", models.CharField(max_length=254)),
                        ("created_at", models.DateTimeField()),
                        ("company", models.ForeignKey(on_delete=models.CASCADE, related_name="identities", to="contacts.company")),
                    ],
                    options={
                        "constraints": [models.UniqueConstraint(fields=("namespace", "value"), name="contacts_companyidentity_once")],
                    },
                ),
                migrations.CreateModel(
                    name="CompanyMember",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        (
                            "role",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("decision_maker", "Decision maker"),
                                    ("champion", "Champion"),
                                    ("influencer", "Influencer"),
                                    ("user", "User"),
                                    ("gatekeeper", "Gatekeeper"),
                                    ("other", "Other"),
                                ],
                                db_default="",
                                max_length=16,
                                verbose_name="role",
                            ),
                        ),
                        ("title", models.CharField(blank=True, db_default="", max_length=100, verbose_name="title")),
                        ("is_primary", models.BooleanField(db_default=False, default=False, verbose_name="main company")),
                        ("since", models.DateField(blank=True, null=True, verbose_name="since")),
                        ("source", models.CharField(blank=True, db_default="", max_length=64)),
                        ("company", models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name="members", to="contacts.company")),
                        ("contact", models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name="memberships", to="contacts.contact")),
                    ],
                    options={
                        "indexes": [models.Index(fields=["company", "id"], include=("contact", "role"), name="contacts_member_of")],
                        "constraints": [
                            models.UniqueConstraint(fields=("contact", "company"), name="contacts_companymember_once"),
                            models.UniqueConstraint(condition=models.Q(("is_primary", True)), fields=("contact",), name="contacts_companymember_primary"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="QualityRule",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("key", models.CharField(max_length=32, unique=True)),
                        ("is_on", models.BooleanField(default=True)),
                        ("weight", models.PositiveSmallIntegerField()),
                        ("settings", models.JSONField(default=dict)),
                    ],
                    options={
                        "abstract": False,
                    },
                ),
                migrations.CreateModel(
                    name="QualityMend",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("position", models.BigIntegerField(default=0)),
                        ("error", models.CharField(blank=True, max_length=500)),
                        ("started_at", models.DateTimeField(blank=True, null=True)),
                        ("finished_at", models.DateTimeField(blank=True, null=True)),
                        ("lease_token", models.UUIDField(blank=True, null=True)),
                        ("leased_until", models.DateTimeField(blank=True, null=True)),
                        ("rule", models.CharField(max_length=32)),
                        ("act", models.CharField(max_length=32)),
                        ("detail", models.CharField(blank=True, max_length=63)),
                        ("keys", ArrayField(base_field=models.CharField(max_length=63), default=list, size=None)),
                        (
                            "state",
                            models.CharField(
                                choices=[("pending", "In line"), ("running", "Running"), ("done", "Done"), ("undoing", "Being undone"), ("undone", "Undone"), ("failed", "Failed")],
                                default="pending",
                                max_length=16,
                            ),
                        ),
                        ("changed", models.BigIntegerField(default=0)),
                        ("skipped", models.BigIntegerField(default=0)),
                        ("given_back", models.BigIntegerField(default=0)),
                        ("kept", models.BigIntegerField(default=0)),
                        ("by", models.ForeignKey(null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("undone_by", models.ForeignKey(null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("scan", models.ForeignKey(on_delete=models.CASCADE, related_name="mends", to="contacts.qualityscan")),
                    ],
                    options={
                        "abstract": False,
                    },
                ),
                migrations.CreateModel(
                    name="QualityMendRow",
                    fields=[
                        ("pk", models.CompositePrimaryKey("mend_id", "contact_id", blank=True, editable=False, primary_key=True, serialize=False)),
                        ("before", models.JSONField(default=dict)),
                        ("after", models.JSONField(default=dict)),
                        ("contact", models.ForeignKey(on_delete=models.CASCADE, related_name="+", to="contacts.contact")),
                        ("mend", models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name="rows", to="contacts.qualitymend")),
                    ],
                ),
                migrations.CreateModel(
                    name="QualityScan",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("position", models.BigIntegerField(default=0)),
                        ("error", models.CharField(blank=True, max_length=500)),
                        ("started_at", models.DateTimeField(blank=True, null=True)),
                        ("finished_at", models.DateTimeField(blank=True, null=True)),
                        ("lease_token", models.UUIDField(blank=True, null=True)),
                        ("leased_until", models.DateTimeField(blank=True, null=True)),
                        (
                            "state",
                            models.CharField(
                                choices=[("pending", "In line"), ("running", "Running"), ("done", "Done"), ("failed", "Failed"), ("cancelled", "Cancelled")], default="pending", max_length=16
                            ),
                        ),
                        ("asked_at", models.DateTimeField()),
                        ("rules", models.JSONField(default=dict)),
                        ("last", models.BigIntegerField(default=0)),
                        ("step", models.PositiveSmallIntegerField(default=0)),
                        ("steps", models.PositiveSmallIntegerField(default=0)),
                        ("checked", models.BigIntegerField(default=0)),
                        ("faultless", models.BigIntegerField(null=True)),
                        ("score", models.DecimalField(decimal_places=2, max_digits=5, null=True)),
                        ("by", models.ForeignKey(null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        "indexes": [models.Index(condition=models.Q(("state", "done")), fields=["-finished_at"], name="contacts_scan_done")],
                    },
                ),
                migrations.CreateModel(
                    name="QualityResult",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("rule", models.CharField(max_length=32)),
                        ("found", models.BigIntegerField()),
                        ("mended", models.BigIntegerField(default=0)),
                        ("score", models.DecimalField(decimal_places=2, max_digits=5)),
                        ("scan", models.ForeignKey(on_delete=models.CASCADE, related_name="results", to="contacts.qualityscan")),
                    ],
                    options={
                        "constraints": [models.UniqueConstraint(fields=("scan", "rule"), name="contacts_qualityresult_once")],
                    },
                ),
                migrations.CreateModel(
                    name="QualityPair",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        (
                            "reason",
                            models.CharField(
                                choices=[
                                    ("mailbox", "The same address, spelt differently"),
                                    ("phone_name", "Same name and telephone number"),
                                    ("name_birth", "Same name and day of birth"),
                                    ("name_place", "Same name and city"),
                                    ("name_alike", "Names that sound alike, same day of birth, city or domain"),
                                    ("local_alike", "The same address at another provider"),
                                ],
                                max_length=16,
                            ),
                        ),
                        ("likeness", models.PositiveSmallIntegerField()),
                        ("state", models.CharField(choices=[("open", "To be looked at"), ("dismissed", "Two people")], default="open", max_length=16)),
                        ("decided_at", models.DateTimeField(blank=True, null=True)),
                        ("contact", models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name="+", to="contacts.contact")),
                        ("decided_by", models.ForeignKey(null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("other", models.ForeignKey(on_delete=models.CASCADE, related_name="+", to="contacts.contact")),
                        ("scan", models.ForeignKey(null=True, on_delete=models.SET_NULL, related_name="+", to="contacts.qualityscan")),
                    ],
                    options={
                        "indexes": [models.Index(condition=models.Q(("state", "open")), fields=["-likeness", "-id"], name="contacts_pair_queue")],
                        "constraints": [
                            models.UniqueConstraint(fields=("contact", "other"), name="contacts_pair_once"),
                            models.CheckConstraint(condition=models.Q(("contact__lt", models.F("other"))), name="contacts_pair_in_order"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="QualityFinding",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("rule", models.CharField(max_length=32)),
                        ("detail", models.CharField(blank=True, max_length=63)),
                        ("contact", models.ForeignKey(db_constraint=False, on_delete=models.DO_NOTHING, related_name="quality_findings", to="contacts.contact")),
                        ("scan", models.ForeignKey(db_constraint=False, db_index=False, on_delete=models.DO_NOTHING, related_name="findings", to="contacts.qualityscan")),
                    ],
                    options={
                        "constraints": [models.UniqueConstraint(fields=("scan", "rule", "contact", "detail"), name="contacts_finding_once")],
                    },
                ),
                migrations.CreateModel(
                    name="ImportMapping",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("name", models.CharField(max_length=100, verbose_name="name")),
                        ("columns", ArrayField(base_field=models.CharField(max_length=200), size=None)),
                        ("mapping", models.JSONField()),
                        ("rules", models.JSONField(blank=True, default=dict)),
                        ("key", models.CharField(max_length=40)),
                        (
                            "mode",
                            models.CharField(
                                choices=[("upsert", "Add new ones and update known ones"), ("create", "Only add new ones"), ("update", "Only update known ones")], default="upsert", max_length=8
                            ),
                        ),
                        ("by", models.ForeignKey(blank=True, null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                        (
                            "about",
                            models.CharField(
                                choices=[("contacts", "Contacts"), ("companies", "Companies"), ("members", "People of companies"), ("events", "Events")],
                                db_default="contacts",
                                default="contacts",
                                max_length=16,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["name", "id"],
                        "constraints": [models.UniqueConstraint(Lower("name"), name="contacts_importmapping_name", violation_error_message="There is a mapping of this name already.")],
                    },
                ),
                migrations.CreateModel(
                    name="System",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("name", models.CharField(max_length=100, verbose_name="name")),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("crm", "CRM"),
                                    ("shop", "Shop"),
                                    ("site", "Website"),
                                    ("app", "App"),
                                    ("erp", "ERP and billing"),
                                    ("support", "Support desk"),
                                    ("sending", "E-mail or SMS platform"),
                                    ("ads", "Ad network"),
                                    ("warehouse", "Data warehouse or BI"),
                                    ("file", "Spreadsheet or file"),
                                    ("other", "Other"),
                                ],
                                max_length=16,
                                verbose_name="kind",
                            ),
                        ),
                        ("holds", models.TextField(blank=True, max_length=2000, verbose_name="what it holds")),
                        ("identifier", models.CharField(blank=True, max_length=100, verbose_name="its identifier")),
                        ("direction", models.CharField(choices=[("in", "Into Bookend"), ("out", "Out of Bookend"), ("both", "Both ways")], max_length=8, verbose_name="direction")),
                        (
                            "cadence",
                            models.CharField(
                                choices=[
                                    ("live", "As it happens"),
                                    ("hourly", "Every hour"),
                                    ("daily", "Every day"),
                                    ("weekly", "Every week"),
                                    ("monthly", "Every month"),
                                    ("quarterly", "Every quarter"),
                                    ("none", "No rhythm"),
                                ],
                                max_length=16,
                                verbose_name="how often",
                            ),
                        ),
                        ("synced_at", models.DateTimeField(blank=True, null=True, verbose_name="last sync")),
                        (
                            "sensitivity",
                            models.CharField(
                                choices=[("none", "No personal data"), ("personal", "Personal"), ("sensitive", "Sensitive")], default="personal", max_length=16, verbose_name="personal data"
                            ),
                        ),
                        ("ask", models.CharField(blank=True, max_length=200, verbose_name="whom to ask")),
                        ("url", models.URLField(blank=True, max_length=500, verbose_name="address")),
                        ("owner", models.ForeignKey(blank=True, null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="owner")),
                    ],
                    options={
                        "verbose_name": "system",
                        "verbose_name_plural": "systems",
                        "ordering": ["name", "id"],
                        "constraints": [
                            models.UniqueConstraint(Lower("name"), name="contacts_system_name_once", violation_error_message="There is a system of this name already."),
                            models.CheckConstraint(condition=models.Q(("name", ""), _negated=True), name="contacts_system_has_a_name"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SystemLink",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("kind", models.CharField(max_length=32)),
                        ("object_id", models.BigIntegerField()),
                        ("at", models.DateTimeField()),
                        ("system", models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name="links", to="contacts.system")),
                    ],
                    options={
                        "verbose_name": "link of a system",
                        "verbose_name_plural": "links of systems",
                        "constraints": [models.UniqueConstraint(fields=("system", "kind", "object_id"), name="contacts_systemlink_once")],
                    },
                ),
            ],
        ),
        migrations.RunPython(partition, migrations.RunPython.noop),
        # Of imports that are under way only: a crash of the server may cost it.
        migrations.RunSQL("ALTER TABLE contacts_importkey SET UNLOGGED", "ALTER TABLE contacts_importkey SET LOGGED"),
        migrations.RunSQL(_identity_guard.GUARD, _identity_guard.UNGUARD),
    ]
