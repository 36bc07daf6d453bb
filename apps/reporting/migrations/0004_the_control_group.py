from django.db import migrations, models

# What was counted before has nothing of what the control group did: count it anew. Where no policy was ever
# set there is no group, and nothing is looked at.
COUNT_ANEW = """
    UPDATE reporting_campaignresult SET definition = '[]', due_at = now()
    WHERE EXISTS (SELECT FROM messaging_sendingpolicy) AND campaign_id IN (
        SELECT m.campaign_id FROM messaging_message AS m WHERE EXISTS (
            SELECT FROM messaging_recipient AS r
            WHERE r.message_id = m.id AND r.state = 'excluded' AND r.reason = 'control'
        )
    )
"""


class Migration(migrations.Migration):

    dependencies = [
        ("messaging", "0054_failed_is_failed"),
        ("reporting", "0003_results_in_line"),
    ]

    operations = [
        migrations.AddField(
            model_name="conversion",
            name="is_control",
            field=models.BooleanField(default=False, db_default=False),
        ),
        migrations.AlterField(
            model_name="armresult",
            name="arm",
            field=models.CharField(
                choices=[("sent", "Written to"), ("holdout", "Held out"), ("control", "In the control group")],
                max_length=8,
            ),
        ),
        migrations.RunSQL(COUNT_ANEW, migrations.RunSQL.noop),
    ]
