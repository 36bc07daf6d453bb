"""How this app, which stands below `collaboration`, has its acts written down there."""

from datetime import datetime
from typing import Protocol

from django.db.models import Model

from apps.accounts.models import User
from apps.core.registry import Registry


class Recorder(Protocol):
    def __call__(
        self,
        *,
        action: str,
        subject: Model,
        by: User | None,
        now: datetime,
        details: dict[str, object] | None = None,
    ) -> object: ...


recorders: Registry[Recorder] = Registry()


def record(
    *, action: str, subject: Model, by: User | None, now: datetime, details: dict[str, object] | None = None
) -> None:
    """Write down one act, in the transaction of the act itself."""
    for recorder in recorders:
        recorder(action=action, subject=subject, by=by, now=now, details=details)
