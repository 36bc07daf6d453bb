from django.db import migrations, models
import django.db.models.deletion


class Migration(migrations.Migration):
    dependencies = [("messaging", "0033_recipients_put_aside")]

    operations = [
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
            options={"ordering": ["name"]},
        ),
        migrations.AddField(
            model_name="sender",
            name="provider",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="senders",
                to="messaging.provider",
            ),
        ),
    ]
