"""Sources as their page shows them: what arrived, and what was wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet, Sum

from apps.contacts.services import EventOutcome
from apps.integrations.models import IdentityScheme, Source, Tally
from apps.integrations.segment.faults import DROPS, Fault

# Windows of the page; the first is what "now" means to somebody who has just set a source up.
WINDOWS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}


@dataclass
class Window:
    """Numbers of one line, over the last hour, day and week; a longer window holds the shorter ones."""

    hour: int = 0
    day: int = 0
    week: int = 0

    def add(self, row: Mapping[str, int | None]) -> None:
        self.hour += row["hour"] or 0
        self.day += row["day"] or 0
        self.week += row["week"] or 0


@dataclass
class Arrivals:
    """
    What one source sent. Every message is kept, kept apart (in quarantine, since it does not fit the schema
    of its event), repeated or refused: the four sum to what arrived.

    `by_call` are those kept, by kind; `faults` are messages with each fault, of which one may have several.
    """

    kept: Window = field(default_factory=Window)
    quarantined: Window = field(default_factory=Window)
    repeated: Window = field(default_factory=Window)
    refused: Window = field(default_factory=Window)
    by_call: dict[str, Window] = field(default_factory=dict)
    faults: dict[Fault, Window] = field(default_factory=dict)

    @property
    def fault_lines(self) -> list[tuple[Fault, bool, Window]]:
        """The faults that came up, the most frequent first, each with whether the message was lost by it."""
        found = [(fault, fault in DROPS, window) for fault, window in self.faults.items()]
        return sorted(found, key=lambda line: (-line[2].week, line[0]))


def sources(*, search: str = "", state: str = "") -> QuerySet[Source]:
    """Return sources; `state` is "open" or "revoked", empty is both."""
    found = Source.objects.all()
    if search:
        found = found.filter(name__icontains=search)
    if state:
        found = found.filter(revoked_at__isnull=state == "open")
    return found


def scheme() -> IdentityScheme | None:
    """Return the identity scheme; None until somebody has chosen it."""
    return IdentityScheme.objects.select_related("by").first()


def scheme_is_fixed() -> bool:
    """Test if people have come in by the scheme, so that it stays."""
    return Source.objects.filter(heard_at__isnull=False).exists()


def arrivals(shown: Sequence[Source], *, now: datetime) -> dict[int, Arrivals]:
    """Return what these sources sent, in one query; counted in steps of five minutes."""
    found = {source.pk: Arrivals() for source in shown}
    rows = (
        Tally.objects.filter(source__in=found, at__gt=now - WINDOWS["week"])
        .values("source_id", "call", "outcome")
        .annotate(**{name: Sum("count", filter=Q(at__gt=now - span)) for name, span in WINDOWS.items()})
        .order_by("call", "outcome")
    )
    for row in rows:
        _sort_in(found[row["source_id"]], {**row})
    return found


def _sort_in(told: Arrivals, row: dict[str, Any]) -> None:
    outcome, call = str(row["outcome"]), str(row["call"])
    match outcome:
        case EventOutcome.RECORDED:
            told.kept.add(row)
            told.by_call.setdefault(call, Window()).add(row)
        case EventOutcome.QUARANTINED:
            told.quarantined.add(row)
        case EventOutcome.DUPLICATE:
            told.repeated.add(row)
        case EventOutcome.REFUSED:
            told.refused.add(row)
        case _:
            told.faults.setdefault(Fault(outcome), Window()).add(row)
