from dataclasses import dataclass


@dataclass(frozen=True)
class Destination:
    """Where a click leads, Liquid still in it, and whose data it is filled in with."""

    url: str
    contact_id: int
    campaign: str
    message: str
