"""
The rules of the installation, asked in the statement that passes the point of no return.

They add nothing to it where none applies. Otherwise they are further steps between `asked`, who may be
written to, and the update of the rows: `hours` holds, then `caps` claims, for what is held must not count.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import time
from typing import Any

import orjson

from apps.contacts.models import Channel
from apps.messaging import sql
from apps.messaging.ledger import caps, quiet
from apps.messaging.limits import LIMITS, RAMPS, Rates, rates_from
from apps.messaging.models import FrequencyCap, QuietHours

NO_RATES = Rates()


@dataclass(frozen=True)
class Steps:
    """The text that goes into the statement: more of its WITH, and what its rows are then read from."""

    ctes: str = ""
    source: str = "asked"
    due_at: str = "r.due_at"


NO_STEPS = Steps()


@dataclass(frozen=True)
class Gate:
    """The rules that apply to some rows; `zone` is where contacts are of whom no zone is known."""

    zone: str = "UTC"
    caps: tuple[FrequencyCap, ...] = ()
    longest: int = 1  # days that any cap looks back
    hours: tuple[QuietHours, ...] = ()
    rates: Rates = NO_RATES
    channel: Channel = Channel.EMAIL

    def on(self, *, topic: str, channel: Channel) -> "Gate":
        """Return the rules for messages by a channel on a topic."""
        fitting = tuple(cap for cap in self.caps if cap.fits(topic=topic, channel=channel))
        return replace(self, caps=fitting, channel=channel)

    @property
    def quiet(self) -> QuietHours | None:
        return next((hours for hours in self.hours if hours.channel == self.channel), None)

    @property
    def steps(self) -> Steps:
        if not self.quiet:
            return Steps(ctes=caps.claim(source="asked"), source="capped") if self.caps else NO_STEPS
        due_at = "coalesce(asked.due_at, r.due_at)"
        if not self.caps:
            return Steps(ctes=quiet.HOLD, source="hushed", due_at=due_at)
        claim = caps.claim(source="hushed", due_at="asked.due_at")
        return Steps(ctes=quiet.HOLD + claim, source="capped", due_at=due_at)

    def params(self, *, topic: str) -> Mapping[str, Any]:
        if self.steps is NO_STEPS:
            return {}
        return {
            "zone": self.zone,
            "starts": self.quiet and self.quiet.starts,
            "ends": self.quiet and self.quiet.ends,
            "channel": self.channel,
            "topic": topic,
            "caps": orjson.dumps([cap.facts for cap in self.caps]).decode(),
            "longest": self.longest,
        }


_READ = f"""
    SELECT (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
            'most', most, 'days', days, 'channel', channel, 'topic', topic
        ) ORDER BY channel, topic, days), '[]') FROM messaging_frequencycap WHERE is_active
    ), (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
            'channel', channel, 'starts', starts, 'ends', ends
        )), '[]') FROM messaging_quiethours WHERE is_active
    ), (
        SELECT timezone FROM messaging_sendingpolicy
    ), ({LIMITS}), ({RAMPS})
"""


def gate_read() -> Gate:
    """Read the rules as they are now, in one query."""
    [(caps_told, hours_told, zone, limits, ramps)] = sql.rows(_READ, {})
    found = tuple(FrequencyCap(**facts) for facts in orjson.loads(caps_told))
    longest = max((cap.days for cap in found), default=1)
    return Gate(
        zone=zone or "UTC",
        caps=found,
        longest=longest,
        hours=tuple(_hours(told) for told in orjson.loads(hours_told)),
        rates=rates_from(limits, ramps),
    )


def _hours(told: Mapping[str, str]) -> QuietHours:
    starts, ends = (time.fromisoformat(told[name]) for name in ("starts", "ends"))
    return QuietHours(channel=told["channel"], starts=starts, ends=ends)
