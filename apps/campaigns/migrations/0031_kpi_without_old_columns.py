"""
What a KPI was defined by before metrics had a catalogue (0006) leaves its table. No process writes it any more.

A database that began with the squash never had these columns.
"""

from django.db import migrations

DROP = """
    ALTER TABLE campaigns_kpi
        DROP COLUMN IF EXISTS label,
        DROP COLUMN IF EXISTS event,
        DROP COLUMN IF EXISTS "where",
        DROP COLUMN IF EXISTS value_property
"""
BACK = """
    ALTER TABLE campaigns_kpi
        ADD COLUMN label varchar(100) NOT NULL DEFAULT '',
        ADD COLUMN event varchar(128) NOT NULL DEFAULT '',
        ADD COLUMN "where" jsonb NOT NULL DEFAULT '[]',
        ADD COLUMN value_property varchar(128) NOT NULL DEFAULT ''
"""


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0001_squashed_0030_the_working_week")]

    operations = [migrations.RunSQL(DROP, BACK)]
