from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0034_providers")]

    operations = [
        migrations.AlterField(
            model_name="deliveryreport",
            name="source",
            field=models.CharField(
                choices=[("mail", "Bounce mailbox"), ("api", "API"), ("provider", "Provider")],
                max_length=8,
                verbose_name="came by",
            ),
        ),
        migrations.AlterField(
            model_name="deliveryreport",
            name="verdict",
            field=models.CharField(
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
    ]
