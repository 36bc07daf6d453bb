"""A contact who is nobody, with a value for every attribute: to preview without seeing people. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

Value = str | int | float | bool | list[str]

# What common attributes hold, so that a preview reads like a letter.
FAMILIAR: dict[str, Value] = {
    "first_name": "Alex",
    "last_name": "Morgan",
    "name": "Alex Morgan",
    "full_name": "Alex Morgan",
    "city": "Springfield",
    "country": "US",
    "company": "Acme",
    "language": "en",
}
OF_TYPE: dict[str, Value] = {
    "number": 3,
    "money": 49.9,
    "boolean": True,
    "date": "2026-05-12",
    "datetime": "2026-05-12T09:30:00Z",
}


@dataclass(frozen=True)
class SampleAttribute:
    """What is known of an attribute when its value is made up; `type` as in the data dictionary."""

    key: str
    label: str
    type: str
    choices: list[str]


def sample_contact(attributes: Iterable[SampleAttribute]) -> dict[str, Value]:
    """Return the data of a typical contact."""
    values = {attribute.key: _value(attribute) for attribute in attributes}
    return {**values, "id": 0, "email": "alex.morgan@example.com", "phone": "+1 555 0100"}


def _value(attribute: SampleAttribute) -> Value:
    match attribute.type:
        case "list":
            return attribute.choices[:2] or [attribute.label]
        case "choice":
            return attribute.choices[0] if attribute.choices else attribute.label
        case "text":
            return FAMILIAR.get(attribute.key, attribute.label)
        case other:
            return OF_TYPE[other]
