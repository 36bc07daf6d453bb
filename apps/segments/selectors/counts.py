"""How many people a rule finds, how many of them can be reached, and some of them."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.postgres.aggregates import ArrayAgg
from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, Func
from django.db.models import Count as CountOf

from apps.contacts.models import Channel, Exclusion
from apps.contacts.models.contact import channel_exclusion, email_exclusion
from apps.segments.live import TookTooLong, replaceable
from apps.segments.rules import Node
from apps.segments.selectors.panel import Panel, panel
from apps.segments.selectors.rules import rule_contacts, rule_panel

PEOPLE = 10
# Fewer hits than this in a panel say little; such rules are counted exactly, which is quick as they are rare.
FEW = 10
FEW_LIMIT = timedelta(milliseconds=120)
EXACT_LIMIT = timedelta(seconds=60)
_Z = 1.96  # of a 95 % interval


@dataclass(frozen=True)
class Count:
    """A number of people; `low` and `high` are its 95 % interval, and the same where it is exact."""

    count: int
    low: int
    high: int

    @property
    def is_exact(self) -> bool:
        return self.low == self.high

    @classmethod
    def exactly(cls, count: int) -> "Count":
        return cls(count, count, count)


@dataclass(frozen=True)
class Reach:
    """Of one channel: who can be written to, and the others by reason. Together they are all found."""

    channel: Channel
    reachable: Count
    reasons: Mapping[Exclusion, Count]


@dataclass(frozen=True)
class Preview:
    """What a rule finds among `total` contacts. `people` are ids, at most ten."""

    size: Count
    total: int
    reach: tuple[Reach, ...]
    people: tuple[int, ...]

    @property
    def share(self) -> float | None:
        return self.size.count / self.total if self.total else None


def rule_count(node: Node, *, now: datetime) -> int:
    """Return exactly how many people a rule finds."""
    return rule_contacts(node, now=now).count()


def rule_preview(
    node: Node, *, now: datetime, is_exact: bool = False, editor: str = "", limit: timedelta = EXACT_LIMIT
) -> Preview:
    """
    Return what the builder shows. `editor` names who waits: a newer preview of theirs ends this one.

    :raises Replaced: ended by a newer one
    :raises TookTooLong: the exact count was not done within `limit`
    """
    with replaceable(editor, limit=limit):
        asked = panel(node)
        if is_exact:
            asked = Panel(None, asked.total)
        preview = _preview(node, asked, now=now)
    if asked.ids is None or len(preview.people) >= FEW:
        return preview
    try:
        with replaceable(editor, limit=FEW_LIMIT):
            return _preview(node, Panel(None, asked.total), now=now)
    except TookTooLong:
        return preview


class _FirstOf(Func):
    template = f"(%(expressions)s)[1:{PEOPLE}]"
    output_field = ArrayField(BigIntegerField())


def _preview(node: Node, asked: Panel, *, now: datetime) -> Preview:
    found = rule_contacts(node, now=now) if asked.ids is None else rule_panel(node, now=now, ids=asked.ids)
    rows = list(
        found.order_by()
        .values(by_email=email_exclusion(topic=""), by_sms=channel_exclusion(Channel.SMS, topic=""))
        .annotate(people=CountOf("pk"), some=_FirstOf(ArrayAgg("pk")))
    )
    email, sms = Counter[str](), Counter[str]()
    for row in rows:
        email[row["by_email"]] += row["people"]
        sms[row["by_sms"]] += row["people"]
    people = [pk for row in sorted(rows, key=lambda row: row["by_email"] != "") for pk in row["some"]]
    return Preview(
        size=_scaled(sum(row["people"] for row in rows), asked),
        total=asked.total,
        reach=(_reach(Channel.EMAIL, email, asked), _reach(Channel.SMS, sms, asked)),
        people=tuple(people[:PEOPLE]),
    )


def _reach(channel: Channel, reasons: Counter[str], asked: Panel) -> Reach:
    reachable = _scaled(reasons.pop("", 0), asked)
    return Reach(
        channel, reachable, {Exclusion(reason): _scaled(n, asked) for reason, n in reasons.most_common()}
    )


def _scaled(found: int, asked: Panel) -> Count:
    """Say of all what the panel says of itself, with the interval of Wilson (JASA 22, 1927)."""
    if asked.ids is None:
        return Count.exactly(found)
    n = asked.size
    share, z2 = found / n, _Z**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    low, high = max(middle - half, 0) * asked.total, min(middle + half, 1) * asked.total
    return Count(round(share * asked.total), math.floor(low), math.ceil(high))
