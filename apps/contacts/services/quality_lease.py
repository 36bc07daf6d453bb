"""One worker at a time for each scan and each mend: claimed, held by a token, let go."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar
from uuid import UUID, uuid4

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from apps.contacts.models.quality import Leased, LeasedQuerySet

logger = logging.getLogger(__name__)
Row = TypeVar("Row", bound=Leased)
# Longer than the longest statement: one question to ten million contacts is a matter of minutes.
LEASE_TIME = timedelta(minutes=20)


class LeaseLost(Exception):
    """Cancelled, or another worker has taken over."""


@dataclass
class Hold(Generic[Row]):
    """One worker's hold on one row; the token is part of every statement about it."""

    row: Row
    token: UUID
    now: datetime

    def held(self) -> QuerySet[Row]:
        model = type(self.row)
        found: QuerySet[Row] = model._default_manager.filter(pk=self.row.pk, lease_token=self.token)
        return found.filter(state__in=model.OPEN)

    def write(self, **changes: object) -> None:
        """
        Write what was done, in the transaction of the work itself.

        :raises LeaseLost: cancelled or taken over; the work of this transaction is undone
        """
        changes |= {"leased_until": Now() + LEASE_TIME, "updated_at": Now()}
        if not self.held().update(**changes):
            raise LeaseLost

    def let_go(self) -> None:
        """Free the row for whoever hears the next ring."""
        self.held().update(leased_until=Now())


@transaction.atomic(durable=True)
def claim(model: type[Row], *, now: datetime, running: str) -> Hold[Row] | None:
    """Take the oldest row that waits; one in line is `running` from now on."""
    waiting: LeasedQuerySet[Row] = model._default_manager.claimable(at=now)  # type: ignore[attr-defined]  # each has one
    row = waiting.order_by("pk").select_for_update(skip_locked=True, no_key=True).first()
    if row is None:
        return None
    row.started_at = row.started_at or now
    row.lease_token, row.leased_until = uuid4(), now + LEASE_TIME
    if row.state == "pending":  # type: ignore[attr-defined]  # each kind has its own states
        row.state = running  # type: ignore[attr-defined]
    row.save(update_fields=["state", "started_at", "lease_token", "leased_until", "updated_at"])
    return Hold(row, row.lease_token, now)


def work(
    hold: Hold[Row], go_on: Callable[[Hold[Row]], None], *, failed: Callable[[Hold[Row], str], None]
) -> None:
    """Do a part of the work; what stops it is told to `failed`, unless a later worker may do better."""
    try:
        go_on(hold)
    except SoftTimeLimitExceeded:
        hold.let_go()  # the stretch in hand is undone; whoever hears the next ring does it again
    except LeaseLost:
        logger.info("%s was cancelled or taken over", hold.row)
    except (OperationalError, InterfaceError):
        raise  # the database is away, or a deadlock: once the lease is over, somebody goes on
    except Exception:
        logger.exception("%s stopped", hold.row)
        failed(hold, _("It stopped on a fault of ours. What it had done stays; try again."))


def commit_without_waiting() -> None:
    """
    Let this transaction's commit return before the disk has it.

    Rows and position are lost together or not at all, and the commit that ends the work waits for all.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
