"""What a row says, as a person reads it. Pure."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from apps.campaigns.dates import day_text
from apps.campaigns.models.version import Versioned
from apps.segments.rules import RuleInvalid
from apps.segments.rules.sentence import where_words

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


def conditions_shown(where: Sequence[object]) -> str:
    """Return the conditions on an event as a person reads them, whatever has become of them; '' of none."""
    try:
        return where_words(where) if where else ""
    except RuleInvalid:
        return _("conditions that cannot be read any more")
