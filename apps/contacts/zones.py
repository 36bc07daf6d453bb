"""Names of time zones that a contact may have. No database here."""

from functools import cache
from zoneinfo import available_timezones


@cache
def zones() -> frozenset[str]:
    """Return them all; read from the disk once, which takes longer than a thousand contacts."""
    return frozenset(available_timezones())


def zone_is_known(name: str) -> bool:
    return name in zones()
