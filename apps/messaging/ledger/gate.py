"""
The rules of the installation, asked in the statement that passes the point of no return.

They add nothing to it where none applies. Otherwise they are further steps between `asked`, who may be
written to, and the update of the rows: `hours` holds, then `caps` claims, for what is held must not count.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from apps.contacts.models import Channel
from apps.messaging.ledger import caps
from apps.messaging.models import FrequencyCap, SendingPolicy


@dataclass(frozen=True)
class Steps:
    """The text that goes into the statement: more of its WITH, and what its rows are then read from."""

    ctes: str = ""
    source: str = "asked"


NO_STEPS = Steps()


@dataclass(frozen=True)
class Gate:
    """The rules that apply to some rows; `zone` is where contacts are of whom no zone is known."""

    zone: str = "UTC"
    caps: tuple[FrequencyCap, ...] = ()
    longest: int = 1  # days that any cap looks back

    def on(self, *, topic: str) -> "Gate":
        """Return the rules for e-mails on a topic."""
        fitting = tuple(cap for cap in self.caps if cap.fits(topic=topic))
        return Gate(zone=self.zone, caps=fitting, longest=self.longest)

    @property
    def steps(self) -> Steps:
        return Steps(ctes=caps.CLAIM, source="capped") if self.caps else NO_STEPS

    def params(self, *, topic: str) -> Mapping[str, Any]:
        if not self.caps:
            return {}
        return {
            "zone": self.zone,
            "channel": Channel.EMAIL,
            "topic": topic,
            "caps": orjson.dumps([cap.facts for cap in self.caps]).decode(),
            "longest": self.longest,
        }


def gate_read() -> Gate:
    """Read the rules as they are now, in two queries."""
    found = tuple(FrequencyCap.objects.filter(is_active=True))
    zone = SendingPolicy.objects.current().timezone if found else "UTC"
    return Gate(zone=zone, caps=found, longest=max((cap.days for cap in found), default=1))
