from django.db import migrations

# Since when a campaign has stood at its stage is what the log says of its last move, or since it was begun.
SINCE = """
    UPDATE campaigns_campaign SET stage_at = COALESCE(
        (
            SELECT max(event.at) FROM collaboration_auditevent AS event
            WHERE event.subject = 'campaigns.campaign:' || campaigns_campaign.id
              AND event.action = 'campaign.advanced'
        ),
        created_at
    ) WHERE stage_at IS NULL
"""


class Migration(migrations.Migration):

    dependencies = [("campaigns", "0020_approvals_and_stage_rules"),   
        ("collaboration", "0001_initial"),
    ]

    operations = [migrations.RunSQL(SINCE, migrations.RunSQL.noop)]
