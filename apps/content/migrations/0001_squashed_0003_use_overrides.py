from django.conf import settings
from django.db import migrations, models

from apps.content.migrations import _version_frozen
from apps.core.tables import TablesCreate


class Migration(migrations.Migration):
    initial = True
    replaces = [
        ("content", "0001_initial"),
        ("content", "0002_version_frozen"),
        ("content", "0003_use_overrides"),
    ]
    dependencies = [
        ("contacts", "0001_squashed_0061_import_digests"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        TablesCreate(
            [
                migrations.CreateModel(
                    name="Template",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                        ("name", models.CharField(max_length=200, verbose_name="name")),
                        ("description", models.CharField(blank=True, max_length=500, verbose_name="description")),
                        ("edited_at", models.DateTimeField(verbose_name="last edited")),
                        ("archived_at", models.DateTimeField(blank=True, null=True, verbose_name="archived")),
                        ("by", models.ForeignKey(null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="made by")),
                        ("edited_by", models.ForeignKey(null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("current", models.OneToOneField(null=True, on_delete=models.RESTRICT, related_name="+", to="content.templateversion")),
                    ],
                    options={
                        "verbose_name": "template",
                        "verbose_name_plural": "templates",
                        "ordering": ["name"],
                        "indexes": [models.Index(fields=["-edited_at", "-id"], name="content_template_edited"), models.Index(fields=["name", "id"], name="content_template_name")],
                    },
                ),
                migrations.CreateModel(
                    name="TemplateVersion",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("number", models.PositiveIntegerField(verbose_name="number")),
                        ("subject", models.CharField(max_length=500, verbose_name="subject")),
                        ("preheader", models.CharField(blank=True, max_length=500, verbose_name="preheader")),
                        ("mjml", models.TextField(verbose_name="MJML")),
                        ("html", models.TextField(editable=False)),
                        ("text", models.TextField(blank=True, verbose_name="text part")),
                        ("note", models.CharField(blank=True, max_length=200, verbose_name="what changed")),
                        ("at", models.DateTimeField(verbose_name="saved")),
                        ("by", models.ForeignKey(null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="saved by")),
                        ("template", models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name="versions", to="content.template")),
                    ],
                    options={
                        "verbose_name": "template version",
                        "verbose_name_plural": "template versions",
                        "constraints": [models.UniqueConstraint(fields=("template", "number"), name="content_templateversion_once")],
                    },
                ),
                migrations.CreateModel(
                    name="UseOverride",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("reason", models.CharField(max_length=500, verbose_name="reason")),
                        ("at", models.DateTimeField(verbose_name="given")),
                        ("attribute", models.ForeignKey(on_delete=models.CASCADE, related_name="+", to="contacts.attribute", verbose_name="attribute")),
                        ("by", models.ForeignKey(null=True, on_delete=models.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="given by")),
                        ("template", models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name="overrides", to="content.template")),
                    ],
                    options={
                        "verbose_name": "override of an attribute's use",
                        "verbose_name_plural": "overrides of attributes' uses",
                        "constraints": [models.UniqueConstraint(fields=("template", "attribute"), name="content_useoverride_once")],
                    },
                ),
            ],
        ),
        migrations.RunSQL(_version_frozen.FREEZE, _version_frozen.THAW),
    ]
