"""
What comes along when the next campaign starts from this one. Apps above this one register their part from
`AppConfig.ready`: `replay.parts.register("messages", Part(label=…, help=…, count=…, bring=…, order=50))`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.utils.functional import Promise

from apps.accounts.models import User
from apps.campaigns import dates
from apps.campaigns.models import Campaign, Channel
from apps.core.registry import Registry


@dataclass(frozen=True)
class Replay:
    """
    What a part is given: both campaigns, and by how much days move; None where the parent has no launch.

    `channels` has the child's channel by the id of the parent's; one that did not come along is not in it.
    """

    parent: Campaign
    child: Campaign
    shift: timedelta | None
    channels: Mapping[int, Channel]
    by: User
    now: datetime

    def day(self, day: date | None) -> date | None:
        """Return the child's day that stands for one of the parent; None: there is none, or it has passed."""
        if day is None or self.shift is None:
            return None
        moved = day + self.shift
        is_fit = not dates.range_problem(moved) and not dates.past_problem(moved, now=self.now)
        return moved if is_fit else None


@dataclass(frozen=True)
class Part:
    """
    Something that can be left behind. `count` is an expression on campaigns: how much each has of it.

    `bring` writes it into the child, and returns a sentence for each thing that could not come along.
    """

    label: str | Promise
    help: str | Promise
    count: Combinable
    bring: Callable[[Replay], list[str]]
    order: int = 100


parts: Registry[Part] = Registry()


def rows_of(rows: QuerySet[Any]) -> Combinable:
    """Return the expression that counts those of `rows` that belong to a campaign, by their `campaign`."""
    own = rows.filter(campaign=OuterRef("pk")).order_by().values("campaign")
    return Coalesce(Subquery(own.annotate(count=Count("pk")).values("count")), 0)


def parts_counted(parent: Campaign) -> dict[str, int]:
    """Return how much there is of each part, in one query."""
    found = Campaign.objects.filter(pk=parent.pk)
    names = {f"count_of_{name}": part.count for name, part in parts.items()}
    (counts,) = found.annotate(**names).values_list(*names)
    return dict(zip((name for name, _part in parts.items()), counts, strict=True))


def parts_in_order() -> list[tuple[str, Part]]:
    """Return each part with its name, in the order in which they are written."""
    return sorted(parts.items(), key=lambda named: named[1].order)
