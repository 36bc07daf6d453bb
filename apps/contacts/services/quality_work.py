"""What a worker does for the quality centre with each ring."""

from datetime import datetime

from apps.contacts.services.quality import SCAN_TASK, quality_forget, quality_scans_run
from apps.contacts.services.quality_mends import quality_mends_run
from apps.core.queues import ring


def quality_run(*, now: datetime) -> None:
    """Mend a stretch, look at a stretch, or forget what is not needed; ring for the rest."""
    # Mends first: somebody waits for them.
    if quality_mends_run(now=now) or quality_scans_run(now=now) or quality_forget(now=now):
        ring(SCAN_TASK)
