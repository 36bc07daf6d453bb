from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

from apps.core.tables import TablesCreate
from apps.segments.migrations import _changes_noted


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("segments", "0001_initial"),
        ("segments", "0002_topics_described"),
        ("segments", "0003_definitions"),
        ("segments", "0004_segment_changes"),
        ("segments", "0005_changes_noted"),
        ("segments", "0006_what_segments_watch"),
    ]
    dependencies = [
        ("contacts", "0001_squashed_0061_import_digests"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        TablesCreate(
            [
                migrations.CreateModel(
                    name="ContactList",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("name", models.CharField(max_length=200, unique=True, verbose_name="name")),
                        ("description", models.TextField(blank=True, verbose_name="description")),
                        ("size", models.BigIntegerField(default=0)),
                        ("by", models.ForeignKey(null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("frozen_from", models.ForeignKey(blank=True, null=True, on_delete=models.SET_NULL, related_name="+", to="segments.segment")),
                    ],
                    options={
                        "ordering": ["name"],
                        "indexes": [models.Index(fields=["-updated_at", "-id"], name="segments_list_updated")],
                    },
                ),
                migrations.CreateModel(
                    name="ContactListMember",
                    fields=[
                        ("pk", models.CompositePrimaryKey("contact_list_id", "contact_id", blank=True, editable=False, primary_key=True, serialize=False)),
                        ("added_at", models.DateTimeField()),
                        ("contact", models.ForeignKey(db_constraint=False, on_delete=models.CASCADE, related_name="list_members", to="contacts.contact")),
                        ("contact_list", models.ForeignKey(db_constraint=False, db_index=False, on_delete=models.CASCADE, related_name="members", to="segments.contactlist")),
                    ],
                ),
                migrations.CreateModel(
                    name="Segment",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("name", models.CharField(max_length=200, unique=True, verbose_name="name")),
                        ("description", models.TextField(blank=True, verbose_name="description")),
                        ("rule", models.JSONField(verbose_name="rule")),
                        ("size", models.BigIntegerField(blank=True, null=True)),
                        ("refreshed_at", models.DateTimeField(blank=True, null=True)),
                        ("is_stale", models.BooleanField(default=True)),
                        ("refresh_due_at", models.DateTimeField(blank=True, null=True)),
                        ("fault", models.CharField(blank=True, db_default="", max_length=500)),
                        ("archived_at", models.DateTimeField(blank=True, null=True)),
                        ("by", models.ForeignKey(null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("is_behind", models.BooleanField(db_default=False, default=False)),
                        ("refresh_took", models.DurationField(blank=True, null=True)),
                        ("time_due_at", models.DateTimeField(blank=True, null=True)),
                        ("timed_at", models.DateTimeField(blank=True, null=True)),
                        ("watches", ArrayField(base_field=models.CharField(max_length=32), blank=True, db_default=[], default=list, size=None)),
                    ],
                    options={
                        "ordering": ["name"],
                        "indexes": [models.Index(fields=["-updated_at", "-id"], name="segments_segment_updated")],
                    },
                ),
                migrations.CreateModel(
                    name="SegmentMember",
                    fields=[
                        ("pk", models.CompositePrimaryKey("segment_id", "contact_id", blank=True, editable=False, primary_key=True, serialize=False)),
                        ("since_at", models.DateTimeField()),
                        ("contact", models.ForeignKey(db_constraint=False, on_delete=models.CASCADE, related_name="segment_members", to="contacts.contact")),
                        ("segment", models.ForeignKey(db_constraint=False, db_index=False, on_delete=models.CASCADE, related_name="members", to="segments.segment")),
                    ],
                ),
                migrations.CreateModel(
                    name="SegmentSize",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("at", models.DateTimeField()),
                        ("size", models.BigIntegerField()),
                        ("segment", models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name="sizes", to="segments.segment")),
                        ("entered", models.BigIntegerField(db_default=0, default=0)),
                        ("left", models.BigIntegerField(db_default=0, default=0)),
                    ],
                    options={
                        "indexes": [models.Index(fields=["segment", "-at"], name="segments_size_history")],
                    },
                ),
                migrations.CreateModel(
                    name="Definition",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("size", models.BigIntegerField(blank=True, null=True)),
                        ("computed_at", models.DateTimeField(blank=True, null=True)),
                        ("is_stale", models.BooleanField(default=False)),
                        ("due_at", models.DateTimeField(blank=True, null=True)),
                        ("fault", models.CharField(blank=True, db_default="", max_length=500)),
                        ("attribute", models.OneToOneField(on_delete=models.PROTECT, related_name="computed_by", to="contacts.attribute")),
                        ("by", models.ForeignKey(null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        "indexes": [models.Index(fields=["-updated_at", "-id"], name="segments_definition_updated")],
                    },
                ),
                migrations.CreateModel(
                    name="DefinitionVersion",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("number", models.PositiveIntegerField()),
                        ("rule", models.JSONField(verbose_name="rule")),
                        ("thresholds", models.JSONField(default=list)),
                        ("reason", models.CharField(max_length=1000, verbose_name="reason")),
                        ("at", models.DateTimeField()),
                        ("effect", models.JSONField(default=dict)),
                        (
                            "state",
                            models.CharField(
                                choices=[("proposed", "Waits for approval"), ("in_force", "In force"), ("replaced", "Replaced"), ("refused", "Refused"), ("withdrawn", "Withdrawn")],
                                default="proposed",
                                max_length=16,
                            ),
                        ),
                        ("decided_at", models.DateTimeField(blank=True, null=True)),
                        ("note", models.CharField(blank=True, max_length=1000)),
                        ("ended_at", models.DateTimeField(blank=True, null=True)),
                        ("by", models.ForeignKey(null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("decided_by", models.ForeignKey(null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("definition", models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name="versions", to="segments.definition")),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("definition", "number"), name="segments_version_number"),
                            models.UniqueConstraint(condition=models.Q(("state", "in_force")), fields=("definition",), name="segments_version_one_in_force"),
                            models.UniqueConstraint(condition=models.Q(("state", "proposed")), fields=("definition",), name="segments_version_one_proposed"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("decided_at", None), ("state", "proposed")), models.Q(models.Q(("state", "proposed"), _negated=True), ("decided_at__isnull", False)), _connector="OR"
                                ),
                                name="segments_version_decided",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state__in", ["in_force", "replaced"]), _negated=True),
                                    ("by", None),
                                    ("decided_by", None),
                                    models.Q(("by", models.F("decided_by")), _negated=True),
                                    _connector="OR",
                                ),
                                name="segments_version_two_people",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SegmentChange",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("at", models.DateTimeField()),
                        ("topics", ArrayField(base_field=models.TextField(), size=None)),
                        ("contacts", ArrayField(base_field=models.BigIntegerField(), null=True, size=None)),
                        ("segment_id", models.BigIntegerField(null=True)),
                    ],
                ),
            ],
        ),
        # Rows come and go by the second: without this the table grows with the dead, not with the living.
        migrations.RunSQL("ALTER TABLE segments_segmentchange SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)", migrations.RunSQL.noop),
        # Numbers that live for seconds are not worth compressing, which an import would pay for.
        migrations.RunSQL("ALTER TABLE segments_segmentchange ALTER COLUMN contacts SET STORAGE EXTERNAL", migrations.RunSQL.noop),
        *(migrations.RunSQL(make, take) for make, take in _changes_noted.triggers()),
    ]
