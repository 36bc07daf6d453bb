"""Conditions on the goal event, as rows of a form and as the JSON of the rule grammar. Pure."""

import json
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _

ROWS = 3
OPS = [
    ("eq", _("is")),
    ("ne", _("is not")),
    ("gt", _("is more than")),
    ("gte", _("is at least")),
    ("lt", _("is less than")),
    ("lte", _("is at most")),
    ("contains", _("contains")),
    ("exists", _("is there")),
]
ORDER = {"gt", "gte", "lt", "lte"}


def rows_of(where: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the initial values of the form's rows."""
    initial: dict[str, Any] = {}
    for place, condition in enumerate(where[:ROWS]):
        initial[f"where_{place}_property"] = condition.get("property", "")
        initial[f"where_{place}_op"] = condition.get("op", "eq")
        value = condition.get("value", "")
        initial[f"where_{place}_value"] = value if isinstance(value, str) else json.dumps(value)
    return initial


def where_of(cleaned: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the conditions that are filled in; numbers and yes or no are told by how they are written."""
    for place in range(ROWS):
        name, op = cleaned.get(f"where_{place}_property"), cleaned.get(f"where_{place}_op")
        if not name or not op:
            continue
        condition = {"property": name, "op": op}
        if op != "exists":
            condition["value"] = _typed(cleaned.get(f"where_{place}_value") or "")
        yield condition


def fits(where: list[dict[str, Any]]) -> bool:
    """Test if the rows can show these conditions; others, which a program has written, are left alone."""
    known = {op for op, _label in OPS}
    simple = all(
        condition.get("op") in known and isinstance(condition.get("value", ""), str | int | float | bool)
        for condition in where
    )
    return simple and len(where) <= ROWS


def _typed(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, bool | int | float) else text
