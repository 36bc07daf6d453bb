"""
Hours where people are, in SQL. The zone of a contact is what `messaging_zone` makes of it.

PostgreSQL takes an hour that a clock skips for the one after, and one that comes twice for the second: so
what waits for an hour never waits for the past, and never for an hour that does not come.
"""


def local(moment: str, zone: str) -> str:
    """Return SQL for what a clock in the zone shows at a moment."""
    return f"({moment} AT TIME ZONE {zone})"


def quiet_end(clock: str, zone: str, *, starts: str, ends: str) -> str:
    """Return SQL for when the quiet hours end that a clock is in; null if it is in none."""
    return f"""CASE
        WHEN {starts} < {ends} AND {clock}::time >= {starts} AND {clock}::time < {ends}
            OR {starts} > {ends} AND {clock}::time < {ends}
            THEN ({clock}::date + {ends}) AT TIME ZONE {zone}
        WHEN {starts} > {ends} AND {clock}::time >= {starts}
            THEN ({clock}::date + 1 + {ends}) AT TIME ZONE {zone}
        END"""
