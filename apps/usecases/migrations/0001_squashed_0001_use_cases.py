from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import migrations, models
from django.db.models.functions import Lower

from apps.core.tables import TablesCreate


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("usecases", "0001_use_cases"),
    ]
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        TablesCreate(
            [
                migrations.CreateModel(
                    name="UseCase",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("name", models.CharField(max_length=120, verbose_name="name")),
                        ("outcome", models.TextField(blank=True, max_length=2000, verbose_name="desired outcome")),
                        ("priority", models.CharField(choices=[("high", "High"), ("medium", "Medium"), ("low", "Low")], default="medium", max_length=8, verbose_name="priority")),
                        (
                            "status",
                            models.CharField(
                                choices=[("idea", "Idea"), ("building", "Being built"), ("running", "Running"), ("paused", "Paused"), ("retired", "Retired")],
                                default="idea",
                                max_length=16,
                                verbose_name="status",
                            ),
                        ),
                        ("owner", models.ForeignKey(blank=True, null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="owner")),
                    ],
                    options={
                        "verbose_name": "use case",
                        "verbose_name_plural": "use cases",
                        "ordering": ["name", "id"],
                        "constraints": [models.UniqueConstraint(Lower("name"), name="usecases_usecase_name_once", violation_error_message="There is a use case of this name already.")],
                    },
                ),
                migrations.CreateModel(
                    name="Part",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("step", models.CharField(choices=[("data", "Data"), ("delivery", "Delivery"), ("report", "Report")], max_length=16)),
                        ("kind", models.CharField(max_length=24)),
                        ("object_id", models.BigIntegerField(blank=True, null=True)),
                        ("key", models.CharField(blank=True, max_length=128)),
                        ("url", models.URLField(blank=True, max_length=500)),
                        ("enough_percent", models.PositiveSmallIntegerField(default=50, validators=[MinValueValidator(1), MaxValueValidator(100)])),
                        ("use_case", models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name="parts", to="usecases.usecase")),
                    ],
                    options={
                        "verbose_name": "part of a use case",
                        "verbose_name_plural": "parts of use cases",
                        "ordering": ["id"],
                        "indexes": [models.Index(fields=["kind", "object_id", "key"], name="usecases_part_of")],
                        "constraints": [
                            models.UniqueConstraint(fields=("use_case", "step", "kind", "object_id", "key", "url"), name="usecases_part_once", nulls_distinct=False),
                            models.CheckConstraint(condition=models.Q(("enough_percent__gte", 1), ("enough_percent__lte", 100)), name="usecases_part_percent"),
                        ],
                    },
                ),
            ],
        ),
    ]
