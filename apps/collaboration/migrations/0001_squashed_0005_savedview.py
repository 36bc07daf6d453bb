from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

from apps.collaboration.attached import attachment_path
from apps.core.tables import TablesCreate


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("collaboration", "0001_initial"),
        ("collaboration", "0002_attachment"),
        ("collaboration", "0003_mention"),
        ("collaboration", "0004_notification_settings"),
        ("collaboration", "0005_savedview"),
    ]
    dependencies = [
        ("contenttypes", "0002_remove_content_type_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        TablesCreate(
            [
                migrations.CreateModel(
                    name="AuditEvent",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("at", models.DateTimeField(verbose_name="when")),
                        ("action", models.CharField(max_length=64, verbose_name="act")),
                        ("subject", models.CharField(max_length=64, verbose_name="to what")),
                        ("within", models.CharField(blank=True, max_length=64, verbose_name="part of")),
                        ("label", models.CharField(blank=True, max_length=200, verbose_name="called")),
                        ("details", models.JSONField(blank=True, default=dict, verbose_name="details")),
                        ("by", models.ForeignKey(blank=True, db_index=False, null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="who")),
                    ],
                    options={
                        "verbose_name": "audit event",
                        "verbose_name_plural": "audit events",
                        "indexes": [
                            models.Index(fields=["-at", "-id"], name="collaboration_audit_at"),
                            models.Index(fields=["by", "-at", "-id"], name="collaboration_audit_by"),
                            models.Index(fields=["action", "-at", "-id"], name="collaboration_audit_action"),
                            models.Index(fields=["subject", "-at", "-id"], name="collaboration_audit_subject"),
                            models.Index(condition=models.Q(("within", ""), _negated=True), fields=["within", "-at", "-id"], name="collaboration_audit_within"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Comment",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("object_id", models.BigIntegerField()),
                        ("at", models.DateTimeField()),
                        ("edited_at", models.DateTimeField(blank=True, null=True)),
                        ("text", models.TextField(max_length=10000, verbose_name="comment")),
                        ("by", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("content_type", models.ForeignKey(on_delete=models.CASCADE, related_name="+", to="contenttypes.contenttype")),
                    ],
                    options={
                        "verbose_name": "comment",
                        "verbose_name_plural": "comments",
                        "indexes": [models.Index(fields=["content_type", "object_id", "at", "id"], name="collaboration_comment_thread")],
                    },
                ),
                migrations.CreateModel(
                    name="Notification",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("text", models.CharField(max_length=300)),
                        ("url", models.CharField(blank=True, max_length=300)),
                        ("at", models.DateTimeField()),
                        ("read_at", models.DateTimeField(blank=True, null=True)),
                        ("user", models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("is_shown", models.BooleanField(db_default=True, default=True)),
                        ("kind", models.CharField(db_default="general", default="general", max_length=32)),
                        ("mailed_at", models.DateTimeField(blank=True, null=True)),
                        ("within", models.CharField(blank=True, db_default="", default="", max_length=64)),
                        ("within_label", models.CharField(blank=True, db_default="", default="", max_length=200)),
                    ],
                    options={
                        "verbose_name": "notification",
                        "verbose_name_plural": "notifications",
                        "indexes": [
                            models.Index(fields=["user", "-at", "-id"], name="collaboration_notice_list"),
                            models.Index(condition=models.Q(("read_at", None)), fields=["user"], name="collaboration_notice_unread"),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("url", ""), models.Q(("url__startswith", "/"), models.Q(("url__startswith", "//"), _negated=True)), _connector="OR"),
                                name="collaboration_notification_stays_here",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Attachment",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("object_id", models.BigIntegerField()),
                        ("at", models.DateTimeField()),
                        ("name", models.CharField(max_length=200, verbose_name="name")),
                        ("media_type", models.CharField(max_length=100, verbose_name="kind")),
                        ("size", models.BigIntegerField(verbose_name="bytes")),
                        ("file", models.FileField(upload_to=attachment_path)),
                        ("by", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("content_type", models.ForeignKey(on_delete=models.CASCADE, related_name="+", to="contenttypes.contenttype")),
                    ],
                    options={
                        "verbose_name": "attachment",
                        "verbose_name_plural": "attachments",
                        "indexes": [models.Index(fields=["content_type", "object_id", "at", "id"], name="collaboration_attached_to")],
                    },
                ),
                migrations.CreateModel(
                    name="Mention",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("comment", models.ForeignKey(on_delete=models.CASCADE, related_name="mentions", to="collaboration.comment")),
                        ("user", models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        "constraints": [models.UniqueConstraint(fields=("comment", "user"), name="collaboration_mention_once")],
                    },
                ),
                migrations.CreateModel(
                    name="NotificationSettings",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("digest", models.CharField(choices=[("daily", "Every day"), ("weekly", "On Mondays"), ("never", "Never")], default="daily", max_length=8, verbose_name="digest by e-mail")),
                        ("hour", models.PositiveSmallIntegerField(default=8, verbose_name="at")),
                        ("hidden", ArrayField(base_field=models.CharField(max_length=32), blank=True, default=list, size=None)),
                        ("unmailed", ArrayField(base_field=models.CharField(max_length=32), blank=True, default=list, size=None)),
                        ("next_digest_at", models.DateTimeField(blank=True, null=True)),
                        ("user", models.OneToOneField(on_delete=models.CASCADE, related_name="notification_settings", to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        "verbose_name": "notification settings",
                        "verbose_name_plural": "notification settings",
                        "indexes": [models.Index(condition=models.Q(("next_digest_at__isnull", False)), fields=["next_digest_at"], name="collaboration_digest_due")],
                        "constraints": [models.CheckConstraint(condition=models.Q(("hour__lte", 23)), name="collaboration_notificationsettings_hour")],
                    },
                ),
                migrations.CreateModel(
                    name="SavedView",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("list_key", models.CharField(max_length=100, verbose_name="list")),
                        ("name", models.CharField(max_length=80, verbose_name="name")),
                        ("query", models.CharField(blank=True, max_length=2000, verbose_name="filters")),
                        ("is_shared", models.BooleanField(default=False, verbose_name="for everybody")),
                        ("created_at", models.DateTimeField(verbose_name="saved")),
                        ("owner", models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="whose")),
                    ],
                    options={
                        "verbose_name": "saved view",
                        "verbose_name_plural": "saved views",
                        "indexes": [models.Index(condition=models.Q(("is_shared", True)), fields=["list_key"], name="collaboration_view_shared")],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("owner", "list_key", "name"), name="collaboration_savedview_name_once", violation_error_message="You have a view of this name here already."
                            )
                        ],
                    },
                ),
            ],
        ),
    ]
