"""Lists that are narrowed by attributes, and show those that somebody chose: all of it in the URL."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import orjson
from django.db.models import Model
from django.http import QueryDict

from apps.contacts import selectors
from apps.contacts.models import Attribute
from apps.contacts.selectors import Condition, Operator
from apps.contacts.values import AttributeInvalid
from apps.core.lists import Chip, Listing, ListQuery

MOST_CONDITIONS = 10
Raw = tuple[str, str, str]
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class AttributeListing(Listing[Row]):
    """A page of a list with the attributes that it shows and those that it is narrowed by."""

    shown: Sequence[Attribute] = ()
    dictionary: Sequence[Attribute] = ()
    conditions: Sequence[tuple[Condition, Raw]] = field(default=())

    @property
    def chips(self) -> list[Chip]:
        mine = [raw for _condition, raw in self.conditions]
        return super().chips + [
            Chip(
                condition.attribute.label,
                f"{selectors.OPERATOR_LABELS[condition.operator]} {condition.value}".strip(),
                self.asked.url(where=_told([other for other in mine if other != raw])),
            )
            for condition, raw in self.conditions
        ]

    @property
    def clear_url(self) -> str:
        return self.asked.url(q="", where="", **{one.key: "" for one in self.asked.spec.filters})

    @property
    def operators(self) -> list[tuple[str, object]]:
        return [(operator.value, label) for operator, label in selectors.OPERATOR_LABELS.items()]

    @property
    def is_narrowed(self) -> bool:
        return self.asked.is_narrowed or bool(self.conditions)

    @property
    def shown_keys(self) -> set[str]:
        return {attribute.key for attribute in self.shown}


def shown_read(query: QueryDict, dictionary: Sequence[Attribute], *, first: int) -> list[Attribute]:
    """Return the attributes that the list shows: the first ones, until somebody chooses others."""
    if "columns" not in query:
        return list(dictionary[:first])
    chosen = query.get("columns", "").split(",")
    return [attribute for attribute in dictionary if attribute.key in chosen]


def conditions_read(asked: ListQuery, dictionary: Sequence[Attribute]) -> list[tuple[Condition, Raw]]:
    """Return the conditions on attributes that there are, each with how the URL tells it."""
    by_key = {attribute.key: attribute for attribute in dictionary}
    return [
        (Condition(by_key[raw[0]], Operator(raw[1]), raw[2]), raw)
        for raw in _conditions(asked.query)
        if raw[0] in by_key
    ]


def where_askable(conditions: Sequence[tuple[Condition, Raw]]) -> str:
    """Return `where` with those conditions that fit their attributes."""
    fitting = []
    for condition, raw in conditions:
        try:
            selectors.condition_holds(condition)
        except AttributeInvalid:
            continue
        fitting.append(raw)
    return _told(fitting)


def settled(query: QueryDict) -> str:
    """Turn what the small forms send (a new condition, chosen columns) into the URL of the list."""
    new = query.copy()
    key, value = new.pop("attribute", [""])[-1], new.pop("value", [""])[-1]
    operator = new.pop("operator", [Operator.EQ])[-1]
    if key:
        new["where"] = _told([*_conditions(query), (str(key), str(operator), str(value).strip())])
    if chosen := new.pop("show", []):
        new["columns"] = ",".join(str(one) for one in chosen if one)
    new.pop("cursor", None)
    return f"?{new.urlencode()}"


def is_unsettled(query: QueryDict) -> bool:
    """Test if one of the small forms was sent."""
    return "attribute" in query or "show" in query


def _conditions(query: QueryDict) -> list[Raw]:
    """Read `where`, a JSON list of [key, operator, value]; what cannot be read is left out."""
    try:
        told = orjson.loads(query.get("where", "[]"))
    except orjson.JSONDecodeError:
        return []
    raws = [tuple(one) for one in told if isinstance(one, list)] if isinstance(told, list) else []
    return [
        (key, operator, value)
        for key, operator, value in (raw for raw in raws if len(raw) == 3)
        if all(isinstance(part, str) and "\0" not in part for part in (key, operator, value))
        and operator in set(Operator)
    ][:MOST_CONDITIONS]


def _told(conditions: Sequence[Raw]) -> str:
    return orjson.dumps(conditions).decode() if conditions else ""
