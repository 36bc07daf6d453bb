from django.db import migrations, models


class Migration(migrations.Migration):
    """Wider columns of the same scale: nothing is written anew."""

    dependencies = [
        ("reporting", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="armresult",
            name="credited_value",
            field=models.DecimalField(decimal_places=4, max_digits=30),
        ),
        migrations.AlterField(
            model_name="armresult",
            name="value",
            field=models.DecimalField(decimal_places=4, max_digits=30),
        ),
        migrations.AlterField(
            model_name="armresult",
            name="value_squares",
            field=models.DecimalField(decimal_places=8, max_digits=60),
        ),
        migrations.AlterField(
            model_name="campaignresult",
            name="goal_done",
            field=models.DecimalField(decimal_places=4, default=0, max_digits=30),
        ),
    ]
