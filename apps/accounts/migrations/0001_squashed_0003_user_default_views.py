from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models
from django.db.models.functions import Lower

from apps.core.tables import TablesCreate


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("accounts", "0001_initial"),
        ("accounts", "0002_hand_overs"),
        ("accounts", "0003_user_default_views"),
    ]
    dependencies = []
    operations = [
        TablesCreate(
            [
                migrations.CreateModel(
                    name="User",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("password", models.CharField(max_length=128, verbose_name="password")),
                        ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                        ("email", models.EmailField(max_length=254, unique=True, verbose_name="e-mail address")),
                        ("name", models.CharField(blank=True, max_length=150, verbose_name="name")),
                        (
                            "role",
                            models.CharField(
                                choices=[
                                    ("administrator", "Administrator"),
                                    ("marketing_lead", "Marketing lead"),
                                    ("marketer", "Marketer"),
                                    ("data_lead", "Data lead"),
                                    ("sales", "Sales"),
                                    ("executive", "Executive"),
                                    ("contributor", "Contributor"),
                                    ("integration", "Integration"),
                                ],
                                default="marketer",
                                max_length=16,
                                verbose_name="role",
                            ),
                        ),
                        ("timezone", models.CharField(default="UTC", max_length=64, verbose_name="time zone")),
                        ("is_active", models.BooleanField(default=True, verbose_name="active")),
                        ("is_superuser", models.BooleanField(default=False, verbose_name="every permission")),
                        ("date_joined", models.DateTimeField(auto_now_add=True, verbose_name="joined")),
                        ("default_views", models.JSONField(blank=True, db_default={}, default=dict, editable=False)),
                    ],
                    options={
                        "verbose_name": "person",
                        "verbose_name_plural": "people",
                        "ordering": ["name", "email"],
                        "constraints": [models.UniqueConstraint(Lower("email"), name="accounts_user_email_once")],
                    },
                ),
                migrations.CreateModel(
                    name="ApiToken",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("name", models.CharField(max_length=100, verbose_name="name")),
                        ("prefix", models.CharField(max_length=24, verbose_name="begins with")),
                        ("digest", models.CharField(max_length=64, unique=True)),
                        ("scopes", ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None, verbose_name="scopes")),
                        ("created_at", models.DateTimeField(verbose_name="created")),
                        ("expires_at", models.DateTimeField(blank=True, null=True, verbose_name="expires")),
                        ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="revoked")),
                        ("last_used_at", models.DateTimeField(blank=True, null=True, verbose_name="last used")),
                        ("user", models.ForeignKey(on_delete=models.CASCADE, related_name="api_tokens", to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        "verbose_name": "API token",
                        "verbose_name_plural": "API tokens",
                        "ordering": ["-created_at", "-pk"],
                    },
                ),
                migrations.CreateModel(
                    name="IdempotentAnswer",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("key", models.CharField(max_length=255)),
                        ("fingerprint", models.CharField(max_length=64)),
                        ("status", models.PositiveSmallIntegerField()),
                        ("headers", models.JSONField(default=dict)),
                        ("body", models.BinaryField()),
                        ("at", models.DateTimeField()),
                        ("user", models.ForeignKey(on_delete=models.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        "indexes": [models.Index(fields=["at"], name="accounts_answer_at")],
                        "constraints": [models.UniqueConstraint(fields=("user", "key"), name="accounts_answer_once")],
                    },
                ),
                migrations.CreateModel(
                    name="Invitation",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("email", models.EmailField(max_length=254, verbose_name="e-mail address")),
                        (
                            "role",
                            models.CharField(
                                choices=[
                                    ("administrator", "Administrator"),
                                    ("marketing_lead", "Marketing lead"),
                                    ("marketer", "Marketer"),
                                    ("data_lead", "Data lead"),
                                    ("sales", "Sales"),
                                    ("executive", "Executive"),
                                    ("contributor", "Contributor"),
                                    ("integration", "Integration"),
                                ],
                                max_length=16,
                                verbose_name="role",
                            ),
                        ),
                        ("message", models.TextField(blank=True, max_length=2000, verbose_name="message")),
                        ("digest", models.CharField(max_length=64, unique=True)),
                        ("created_at", models.DateTimeField(verbose_name="invited")),
                        ("expires_at", models.DateTimeField(verbose_name="expires")),
                        ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent")),
                        ("accepted_at", models.DateTimeField(blank=True, null=True, verbose_name="accepted")),
                        ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="taken back")),
                        ("accepted_by", models.OneToOneField(blank=True, null=True, on_delete=models.PROTECT, related_name="invitation", to=settings.AUTH_USER_MODEL)),
                        ("invited_by", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="invited by")),
                    ],
                    options={
                        "verbose_name": "invitation",
                        "verbose_name_plural": "invitations",
                        "constraints": [
                            models.UniqueConstraint(models.F("email"), condition=models.Q(("accepted_at", None), ("revoked_at", None)), name="accounts_invitation_one_pending"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("accepted_at", None), ("accepted_by", None)),
                                    models.Q(("accepted_at__isnull", False), ("accepted_by__isnull", False), ("revoked_at", None)),
                                    _connector="OR",
                                ),
                                name="accounts_invitation_accepted_by_someone",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="HandOver",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("kind", models.CharField(max_length=32, verbose_name="kind")),
                        ("keys", models.JSONField(default=list)),
                        ("at", models.DateTimeField()),
                        ("returned_at", models.DateTimeField(blank=True, null=True)),
                        ("by", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("giver", models.ForeignKey(db_index=False, on_delete=models.PROTECT, related_name="hand_overs", to=settings.AUTH_USER_MODEL)),
                        ("returned_by", models.ForeignKey(blank=True, null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("taker", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        "verbose_name": "hand-over",
                        "verbose_name_plural": "hand-overs",
                        "indexes": [models.Index(fields=["giver", "-at"], name="accounts_handover_of")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("returned_at__isnull", True), ("returned_by__isnull", True)), models.Q(("returned_at__isnull", False), ("returned_by__isnull", False)), _connector="OR"
                                ),
                                name="accounts_handover_returned_as_a_whole",
                            )
                        ],
                    },
                ),
            ],
        ),
    ]
