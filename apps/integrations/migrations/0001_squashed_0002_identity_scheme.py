from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Lower

from apps.core.tables import TablesCreate


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("integrations", "0001_sources"),
        ("integrations", "0002_identity_scheme"),
    ]
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        TablesCreate(
            [
                migrations.CreateModel(
                    name="Source",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("name", models.CharField(max_length=64, verbose_name="name")),
                        ("prefix", models.CharField(max_length=16, verbose_name="key begins with")),
                        ("digest", models.CharField(max_length=64, unique=True)),
                        ("heard_at", models.DateTimeField(blank=True, null=True, verbose_name="last heard")),
                        ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="revoked")),
                    ],
                    options={
                        "verbose_name": "source",
                        "verbose_name_plural": "sources",
                        "ordering": ["name"],
                        "constraints": [models.UniqueConstraint(Lower("name"), condition=models.Q(("revoked_at", None)), name="integrations_source_name_once")],
                    },
                ),
                migrations.CreateModel(
                    name="Tally",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("at", models.DateTimeField()),
                        ("call", models.CharField(max_length=16)),
                        ("outcome", models.CharField(max_length=24)),
                        ("slot", models.SmallIntegerField()),
                        ("count", models.BigIntegerField()),
                        ("source", models.ForeignKey(on_delete=models.CASCADE, related_name="tallies", to="integrations.source")),
                    ],
                    options={
                        "verbose_name": "tally",
                        "verbose_name_plural": "tallies",
                        "indexes": [models.Index(fields=["at"], name="integrations_tally_age")],
                        "constraints": [models.UniqueConstraint(fields=("source", "at", "call", "outcome", "slot"), name="integrations_tally_once")],
                    },
                ),
                migrations.CreateModel(
                    name="IdentityScheme",
                    fields=[
                        ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                        ("namespace", models.CharField(max_length=32, verbose_name="namespace of user ids")),
                        ("at", models.DateTimeField(verbose_name="chosen")),
                        ("by", models.ForeignKey(null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="chosen by")),
                    ],
                    options={
                        "verbose_name": "identity scheme",
                        "verbose_name_plural": "identity schemes",
                        "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="integrations_identityscheme_is_one")],
                    },
                ),
            ],
        ),
    ]
