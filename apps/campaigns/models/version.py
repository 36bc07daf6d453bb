from django.db import models

from apps.core.models import TimeStamped

# Of something in a campaign: what its page shows around it, in the frame of the campaign.
FRAME = ("campaign__captain", "campaign__segment", "campaign__goal_count")


class Versioned(TimeStamped):
    """
    Something that several people edit. `version` counts its edits.

    A form carries the version that it was made from, so the second of two editors can be told what the first
    one changed. A count and not a time: clocks differ, and two edits can happen in one instant.
    """

    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)

    class Meta:
        abstract = True
