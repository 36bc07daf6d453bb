from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.errors import DomainError
from apps.core.partitions import month_after, month_of, month_partition_ensure, partitioned_tables
from apps.operations.models import Heartbeat, Installation

Demo = Installation.Demo
MONTHS_AHEAD = 3


class DemoNotAvailable(DomainError):
    pass


def first_start(*, demo: bool | None, load: Callable[[], None] | None) -> Installation:
    """
    Load the demo if this is the first start, or if `demo` asks for it; never twice, and again if interrupted.

    An installation that has people was started before, whatever its row says. `load` must be safe to repeat.

    :raises DemoNotAvailable: the demo is asked for, and there is none in this installation
    """
    installation, _made = Installation.objects.get_or_create(pk=1)
    if installation.demo == Demo.LOADED:
        return installation
    begun = installation.demo == Demo.LOADING
    fresh = installation.demo == Demo.UNDECIDED and not User.objects.exists()
    if demo is False or not (begun or fresh or demo):
        return _demo_set(installation, Demo.DECLINED)
    if load is None:
        if demo:
            raise DemoNotAvailable(_("There is no demo in this installation."))
        return installation
    _demo_set(installation, Demo.LOADING)
    load()
    return _demo_set(installation, Demo.LOADED)


def _demo_set(installation: Installation, demo: Demo) -> Installation:
    installation.demo = demo
    installation.save(update_fields=["demo"])
    return installation


@transaction.atomic
def partitions_ensure(*, now: datetime) -> None:
    """Make the partitions of this month and of the next ones, of every table that is cut by month."""
    for table in partitioned_tables():
        month = month_of(now)
        for _ahead in range(MONTHS_AHEAD + 1):
            month_partition_ensure(table, month)
            month = month_after(month)


def heartbeat_record(*, name: str, now: datetime) -> None:
    """Say that `name` lives. A doorbell that was heard late does not turn its clock back."""
    if not Heartbeat.objects.filter(name=name, at__lt=now).update(at=now):
        Heartbeat.objects.bulk_create([Heartbeat(name=name, at=now)], ignore_conflicts=True)
