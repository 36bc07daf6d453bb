"""
A panel: a few thousand contacts drawn at random, who stand for all.

Always the same draw, so that a number does not jump while a rule is being edited, and the pages that it reads
stay in memory.
"""

from dataclasses import dataclass
from random import Random

from django.db import connection

from apps.contacts import selectors as contacts
from apps.contacts.models import Contact
from apps.segments.rules import Node
from apps.segments.rules.sql import has_sets

SIZE = 5_000
SIZE_OF_SETS = 2_000  # for rules that read events and other tables: each person asked costs more there
# Up to here everybody is asked: it is quick, and exact.
EVERYBODY = 100_000
_SPARSE = 8  # ids drawn for each person wanted, at most, where many ids are not in use


@dataclass(frozen=True)
class Panel:
    """`ids` is None where everybody is asked. `total` is the number of all contacts, or an estimate of it."""

    ids: tuple[int, ...] | None
    total: int

    @property
    def size(self) -> int:
        return self.total if self.ids is None else len(self.ids)


def panel(node: Node) -> Panel:
    """Return whom to ask a rule about all contacts; three short queries."""
    total = contacts_total()
    if total <= EVERYBODY:
        return Panel(None, total)
    return Panel(panel_ids(SIZE_OF_SETS if has_sets(node) else SIZE, total=total), total)


def contacts_total() -> int:
    """Return how many contacts there are: exactly while they are few, then by estimate."""
    total = contacts.contacts_estimate() or 0
    return total if total > EVERYBODY else Contact.objects.known().count()


def panel_ids(size: int, *, total: int) -> tuple[int, ...]:
    """Return the ids of at most `size` people, the same ones each time; two short queries."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id), max(id) FROM contacts_contact")
        first, last = cursor.fetchone()
        if not total or first is None:
            return ()
        cursor.execute(
            "SELECT id FROM contacts_contact WHERE id = ANY(%s) AND erased_at IS NULL LIMIT %s",
            [_draw(first, last, total, size), size],
        )
        return tuple(pk for (pk,) in cursor.fetchall())


def _draw(first: int, last: int, total: int, size: int) -> list[int]:
    span = last - first + 1
    if span <= size:
        return list(range(first, last + 1))
    wanted = size * min(max(span / total, 1) * 1.05, _SPARSE)
    random = Random(SIZE).random  # noqa: S311  # a sample, not a secret
    # Places between the ends, so that the draw moves little when contacts are added.
    return sorted({first + int(random() * span) for _turn in range(int(wanted))})
