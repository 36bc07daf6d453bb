"""What a schema says of the properties of an event, and whether an event fits. No database here."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

MAX_FIELDS = 200
MAX_FIELD_NAME = 255
DAY = re.compile(r"\d{4}-\d\d-\d\d")


class FieldType(TextChoices):
    TEXT = "text", _("Text")
    NUMBER = "number", _("Number")
    INTEGER = "integer", _("Whole number")
    BOOLEAN = "boolean", _("Yes or no")
    DATE = "date", _("Date")
    DATETIME = "datetime", _("Date and time")
    LIST = "list", _("List")
    OBJECT = "object", _("Group of values")
    ANY = "any", _("Anything")


class Reason(TextChoices):
    MISSING = "missing", _("It is missing")
    WRONG_TYPE = "wrong_type", _("It has another type")


@dataclass(frozen=True)
class Field:
    """One property of an event. Others may come along: a schema says what has to fit, not all there is."""

    name: str
    type: FieldType
    is_required: bool = False

    def as_data(self) -> dict[str, Any]:
        return {"name": self.name, "type": self.type.value, "required": self.is_required}

    @classmethod
    def of_data(cls, told: Mapping[str, Any]) -> Self:
        return cls(told["name"], FieldType(told["type"]), bool(told["required"]))


@dataclass(frozen=True)
class Unfit:
    """One field that does not fit, and why. Never the value, which may be personal."""

    field: str
    reason: Reason


def fields_of_data(told: Sequence[Mapping[str, Any]]) -> list[Field]:
    return [Field.of_data(one) for one in told]


Check = tuple[str, bool, Callable[[object], bool]]


def checks(fields: Sequence[Field]) -> tuple[Check, ...]:
    """Return what `unfit` asks of each event; made once for a schema."""
    return tuple((field.name, field.is_required, _TESTS[field.type]) for field in fields)


def unfit(asked: Sequence[Check], properties: Mapping[str, object]) -> tuple[Unfit, ...]:
    """Return what does not fit. A null is a field that is missing."""
    found = []
    for name, is_required, fits in asked:
        value = properties.get(name)
        if value is None:
            if is_required:
                found.append(Unfit(name, Reason.MISSING))
        elif not fits(value):
            found.append(Unfit(name, Reason.WRONG_TYPE))
    return tuple(found)


def type_joined(types: set[FieldType]) -> FieldType:
    """Return the narrowest type that fits values of all these."""
    if len(types) == 1:
        return next(iter(types))
    if types <= {FieldType.DATE, FieldType.DATETIME, FieldType.TEXT}:
        return FieldType.TEXT
    return FieldType.ANY


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_integer(value: object) -> bool:
    return _is_number(value) and (isinstance(value, int) or float(value).is_integer())  # type: ignore[arg-type]  # a number


def _is_date(value: object) -> bool:
    if not isinstance(value, str) or not DAY.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_datetime(value: object) -> bool:
    """Test if it is a day with a time of day; `fromisoformat` alone would take a day, and a week, too."""
    if not isinstance(value, str) or len(value) < len("2026-01-01T00:00") or not DAY.match(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


_TESTS: dict[FieldType, Callable[[object], bool]] = {
    FieldType.TEXT: lambda value: isinstance(value, str),
    FieldType.NUMBER: _is_number,
    FieldType.INTEGER: _is_integer,
    FieldType.BOOLEAN: lambda value: isinstance(value, bool),
    FieldType.DATE: _is_date,
    FieldType.DATETIME: _is_datetime,
    FieldType.LIST: lambda value: isinstance(value, list),
    FieldType.OBJECT: lambda value: isinstance(value, dict),
    FieldType.ANY: lambda _value: True,
}
