"""Two who edit the same thing at once: what the first has saved, the second does not take back unseen."""

from datetime import datetime

from django.utils.translation import gettext as _

from apps.core.errors import StaleEdit
from apps.core.models import TimeStamped


class SavedSince(StaleEdit):
    """It was saved by somebody else, or in another tab; `saved_at` says when."""

    def __init__(self, saved_at: datetime) -> None:
        super().__init__(
            _(
                "This was saved in the meantime, by somebody else or in another tab. Look at it there first; "
                "save again to overwrite it."
            )
        )
        self.saved_at = saved_at


def seen_check(row: TimeStamped, seen_at: datetime | None) -> None:
    """
    Test a row, locked, against what its author read; None: nobody asks.

    :raises SavedSince: it was saved since
    """
    if seen_at and row.updated_at != seen_at:
        raise SavedSince(row.updated_at)
