from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import migrations, models

from apps.core.tables import TablesCreate


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("exports", "0001_exports"),
        ("exports", "0002_export_companies"),
    ]
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        TablesCreate(
            [
                migrations.CreateModel(
                    name="Schedule",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("name", models.CharField(max_length=100, unique=True, verbose_name="name")),
                        ("kind", models.CharField(choices=[("contacts", "Contacts"), ("companies", "Companies"), ("events", "Events")], max_length=16, verbose_name="what")),
                        ("format", models.CharField(choices=[("csv", "CSV"), ("xlsx", "Excel (XLSX)"), ("parquet", "Parquet")], max_length=8, verbose_name="format")),
                        ("terms", models.JSONField(default=dict)),
                        ("columns", ArrayField(base_field=models.CharField(max_length=120), default=list, size=None)),
                        ("is_sensitive", models.BooleanField(default=False)),
                        ("period", models.CharField(choices=[("daily", "Every day"), ("weekly", "Every week"), ("monthly", "Every month")], default="daily", max_length=8, verbose_name="how often")),
                        ("hour", models.PositiveSmallIntegerField(default=5, validators=[MaxValueValidator(23)], verbose_name="hour")),
                        ("weekday", models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(6)], verbose_name="weekday")),
                        ("month_day", models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1), MaxValueValidator(28)], verbose_name="day of the month")),
                        ("timezone", models.CharField(default="UTC", max_length=64, verbose_name="time zone")),
                        ("destination", models.CharField(choices=[("folder", "A folder of the server"), ("s3", "S3-compatible storage")], max_length=8, verbose_name="where to")),
                        ("path", models.CharField(blank=True, max_length=200, verbose_name="folder")),
                        ("is_active", models.BooleanField(default=True, verbose_name="active")),
                        ("next_at", models.DateTimeField()),
                        ("by", models.ForeignKey(null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        "ordering": ["name"],
                        "constraints": [
                            models.CheckConstraint(condition=models.Q(("hour__lte", 23), ("month_day__gte", 1), ("month_day__lte", 28), ("weekday__lte", 6)), name="exports_schedule_of_the_calendar")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Export",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("due_at", models.DateTimeField(blank=True, null=True)),
                        ("name", models.CharField(max_length=200)),
                        ("kind", models.CharField(choices=[("contacts", "Contacts"), ("companies", "Companies"), ("events", "Events")], max_length=16)),
                        ("format", models.CharField(choices=[("csv", "CSV"), ("xlsx", "Excel (XLSX)"), ("parquet", "Parquet")], max_length=8)),
                        ("terms", models.JSONField(default=dict)),
                        ("columns", ArrayField(base_field=models.CharField(max_length=120), default=list, size=None)),
                        ("is_sensitive", models.BooleanField(default=False)),
                        (
                            "state",
                            models.CharField(
                                choices=[("pending", "In line"), ("running", "Running"), ("done", "Done"), ("failed", "Failed"), ("cancelled", "Cancelled")], default="pending", max_length=16
                            ),
                        ),
                        ("error", models.CharField(blank=True, max_length=500)),
                        ("rows_total", models.BigIntegerField(blank=True, null=True)),
                        ("rows_done", models.BigIntegerField(default=0)),
                        ("file_name", models.CharField(blank=True, max_length=200)),
                        ("file_size", models.BigIntegerField(default=0)),
                        ("sha256", models.CharField(blank=True, max_length=64)),
                        ("delivered_to", models.CharField(blank=True, max_length=500)),
                        ("attempts", models.PositiveSmallIntegerField(default=0)),
                        ("retry_at", models.DateTimeField(blank=True, null=True)),
                        ("started_at", models.DateTimeField(blank=True, null=True)),
                        ("finished_at", models.DateTimeField(blank=True, null=True)),
                        ("expires_at", models.DateTimeField(blank=True, null=True)),
                        ("lease_token", models.UUIDField(blank=True, null=True)),
                        ("leased_until", models.DateTimeField(blank=True, null=True)),
                        ("by", models.ForeignKey(null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("schedule", models.ForeignKey(blank=True, null=True, on_delete=models.SET_NULL, related_name="exports", to="exports.schedule")),
                    ],
                    options={
                        "indexes": [
                            models.Index(condition=models.Q(("state__in", ["pending", "running"])), fields=["id"], name="exports_open"),
                            models.Index(condition=models.Q(("file_name", ""), _negated=True), fields=["expires_at"], name="exports_kept"),
                        ],
                        "constraints": [
                            models.UniqueConstraint(fields=("schedule", "due_at"), name="exports_export_once_for_its_hour"),
                            models.CheckConstraint(
                                condition=models.Q(("file_name", ""), models.Q(("expires_at__isnull", False), ("state", "done")), _connector="OR"), name="exports_export_offers_whole_files"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(models.Q(("state", "running"), _negated=True), models.Q(("lease_token__isnull", False), ("leased_until__isnull", False)), _connector="OR"),
                                name="exports_export_runs_under_a_lease",
                            ),
                        ],
                    },
                ),
            ],
        ),
    ]
