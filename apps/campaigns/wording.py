"""What a row says, as a person reads it. Pure."""

from datetime import date
from typing import Any

from apps.campaigns.dates import day_text
from apps.campaigns.models.version import Versioned

# Of a long text the audit log keeps the beginning; the row itself has all of it.
SHOWN = 300


def shown(row: Versioned, name: str, value: Any) -> str:
    """Return a value as a person reads it."""
    field = row._meta.get_field(name)
    if value is None or value == "" or value == []:
        return ""
    if choices := getattr(field, "choices", None):
        return str(dict(choices).get(value, value))
    if isinstance(value, date):
        return day_text(value)
    return str(value)[:SHOWN]
