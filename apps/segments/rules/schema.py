"""The published JSON Schema of a rule, built from the tables that the parser reads."""

from typing import Any

from apps.contacts.models import Channel
from apps.segments import registry
from apps.segments.rules.parsing import (
    CONSENT_STATUSES,
    COUNT_OPS,
    MAX_CONDITIONS,
    MAX_COUNT,
    MAX_EVENT_NAME,
    ROLES,
)
from apps.segments.rules.tree import Match
from apps.segments.rules.values import DURATION_PATTERN, MAX_TEXT, MAX_VALUES, SHAPES, Op, Shape

Schema = dict[str, Any]


def rule_schema() -> Schema:
    """
    Return the schema. It says what a rule looks like; whether an attribute or segment is there, and which
    operators go with an attribute's type, only the dictionary knows.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Segment rule",
        "$ref": "#/$defs/rule",
        "$defs": {
            "rule": {"anyOf": [{"$ref": f"#/$defs/{name}"} for name in ("group", *_conditions())]},
            "group": {"oneOf": [_group(match) for match in Match]},
            "text": {"type": "string", "minLength": 1, "maxLength": MAX_TEXT},
            "scalar": {"anyOf": [{"$ref": "#/$defs/text"}, {"type": ["number", "boolean"]}]},
            "duration": {
                "type": "string",
                "pattern": DURATION_PATTERN,
                "description": "Minutes, hours, days, weeks, months or years: 15m 12h 30d 8w 6mo 1y.",
            },
            "moment": {"type": "string", "description": "A date, or a date and time in ISO 8601."},
            **_conditions(),
        },
    }


def _conditions() -> dict[str, Schema]:
    registered = {kind.key: _object(dict(kind.schema), required=[kind.key]) for kind in registry.kinds}
    return {
        "attribute": {"anyOf": _compared("attribute")},
        "company": {"anyOf": _compared("company", {"role": {"enum": list(ROLES)}, "member": _boolean(True)})},
        "event": _event(),
        "segment": _object({"segment": {"type": "integer"}, "member": _boolean(True)}, required=["segment"]),
        "list": _object({"list": {"type": "integer"}, "member": _boolean(True)}, required=["list"]),
        "consent": _consent(),
        **registered,
    }


def _group(match: Match) -> Schema:
    fewest = 0 if match == Match.ALL else 1
    rules = {
        "type": "array",
        "items": {"$ref": "#/$defs/rule"},
        "minItems": fewest,
        "maxItems": MAX_CONDITIONS,
    }
    return _object({str(match): rules}, required=[str(match)])


def _compared(subject: str, more: Schema | None = None) -> list[Schema]:
    """One form per shape of value, with the operators that take it; `more` are other properties."""
    scalar = {"$ref": "#/$defs/scalar"}
    forms: dict[Shape, Schema | None] = {
        Shape.NONE: None,
        Shape.ONE: scalar,
        Shape.MANY: {"type": "array", "items": scalar, "minItems": 1, "maxItems": MAX_VALUES},
        Shape.PAIR: {"type": "array", "items": scalar, "minItems": 2, "maxItems": 2},
        Shape.DURATION: {"$ref": "#/$defs/duration"},
    }
    return [_comparison(subject, shape, value, more or {}) for shape, value in forms.items()]


def _comparison(subject: str, shape: Shape, value: Schema | None, more: Schema) -> Schema:
    operators = [str(op) for op in Op if SHAPES[op] == shape]
    properties: Schema = {subject: {"$ref": "#/$defs/text"}, "op": {"enum": operators}, **more}
    if value is None:
        return _object(properties, required=[subject, "op"])
    return _object({**properties, "value": value}, required=[subject, "op", "value"])


def _event() -> Schema:
    times = {"type": "integer", "minimum": 0, "maximum": MAX_COUNT}
    moment = {"$ref": "#/$defs/moment"}
    properties = {
        "event": {"type": "string", "minLength": 1, "maxLength": MAX_EVENT_NAME},
        "did": _boolean(True),
        "count": {**_object({str(op): times for op in COUNT_OPS}, required=[]), "minProperties": 1},
        "within": {"$ref": "#/$defs/duration"},
        "between": {
            "type": "array",
            "items": moment,
            "minItems": 2,
            "maxItems": 2,
            "description": "From the first moment until just before the second.",
        },
        "where": {"type": "array", "items": {"anyOf": _compared("property")}, "maxItems": MAX_CONDITIONS},
    }
    return {**_object(properties, required=["event"]), "not": {"required": ["within", "between"]}}


def _consent() -> Schema:
    channel = {"enum": [str(channel) for channel in Channel]}
    subject = _object({"channel": channel, "topic": {"$ref": "#/$defs/text"}}, required=["channel"])
    properties = {"consent": subject, "status": {"enum": list(CONSENT_STATUSES)}}
    return _object(properties, required=["consent", "status"])


def _object(properties: Schema, *, required: list[str]) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _boolean(default: bool) -> Schema:
    return {"type": "boolean", "default": default}
