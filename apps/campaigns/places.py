"""
Where a task stands in its column: the digits of a fraction between 0 and 1, in base 16.

Between two places there is always a third, so a move writes one row and nothing is ever numbered anew. Places
end in no zero, so they compare as text as they do as numbers. A place grows by one digit for about four moves
to the very same spot.
"""

from itertools import count

from django.db.models import Func, TextField

# After everything that has a place: what is added stands last.
LAST = Func(
    template="(lpad(to_hex(nextval('campaigns_task_place')), 12, '0') || '8')", output_field=TextField()
)


def between(low: str, high: str) -> str:
    """Return a short place above `low` ('' is the beginning) and below `high`; low < high."""
    for width in count(1):
        below = int(low[:width].ljust(width, "0") or "0", 16)
        above = int(high[:width].ljust(width, "0"), 16)
        middle = (below + above + 1) // 2
        place = f"{middle:0{width}x}".rstrip("0")
        if low < place < high:
            return place
    raise AssertionError  # there always is one
