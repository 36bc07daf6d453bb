from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from apps.core.health import Level
from apps.core.home import Look
from apps.core.queues import Queue
from apps.operations.models import Heartbeat

SCHEDULER = "scheduler"
LATE = timedelta(seconds=40)  # they report every ten seconds


@dataclass(frozen=True)
class Pulse:
    """One part of the machine. `age` None: it never reported."""

    name: str
    label: str
    age: timedelta | None

    @property
    def level(self) -> Level:
        late = self.age is None or self.age > LATE
        return Level.FAILED if late else Level.OK


def pulses(*, now: datetime) -> list[Pulse]:
    """Return every part that should report, whether it did or not. One query."""
    seen = dict(Heartbeat.objects.values_list("name", "at"))
    return [
        Pulse(name, label, now - seen[name] if name in seen else None) for name, label in _labels().items()
    ]


def _labels() -> dict[str, str]:
    return {
        SCHEDULER: _("Scheduler"),
        Queue.DEFAULT.value: _("Worker for everyday tasks"),
        Queue.SENDING.value: _("Worker for sending"),
        Queue.BULK.value: _("Worker for imports and other bulk"),
    }


def _pulses(look: Look) -> list[Pulse]:
    return pulses(now=look.now)


def health_panel(look: Look) -> dict[str, object]:
    """What the home of an administrator says of the machine."""
    return {"pulses": look.once(_pulses), "now": look.now}


def silent_panel(look: Look) -> dict[str, list[Pulse]] | None:
    """What the home of an administrator says while a part is silent; None while all report."""
    late = [pulse for pulse in look.once(_pulses) if pulse.level != Level.OK]
    return {"late": late} if late else None
