"""One row of the builder: from the texts of its fields to JSON, and back."""

import csv
import json
import re
from collections.abc import Mapping
from itertools import accumulate

from apps.contacts.models import Attribute
from apps.segments import registry
from apps.segments.rules.parsing import COUNT_OPS
from apps.segments.rules.values import SHAPES, Op, Shape
from apps.segments.rules.vocabulary import Vocabulary

Type = Attribute.Type
Texts = Mapping[str, str]
Json = dict[str, object]
Rest = Mapping[object, object]  # of a condition, behind the key that tells its kind
MAX_NESTED = 100  # brackets in brackets; rules have a dozen
NAMED = "named_"  # fields that name a number of the row as a threshold: no part of the condition
JSON = "json"  # a row that the builder has no fields for
_DURATION = re.compile(r"(\d+)([a-z]+)")


class NoForm(Exception):
    """The builder has no fields for this condition."""


# To JSON


def row_to_rule(kind: str, texts: Texts, words: Vocabulary) -> object:
    """Return the condition as JSON. What is missing in the row is missing there, for the parser to say so."""
    match kind:
        case "attribute":
            return _attribute(texts, words)
        case "company":
            return _company(texts, words)
        case "event":
            return _event(texts)
        case "segment" | "list":
            return {kind: _number(texts.get("id", "")), "member": texts.get("member") != "not"}
        case "consent":
            return _consent(texts)
        case "json":
            return _any_json(texts.get("json", ""))
    return _registered(kind, {name: text for name, text in texts.items() if not name.startswith(NAMED)})


def _attribute(texts: Texts, words: Vocabulary) -> Json:
    key = texts.get("key", "")
    term = words.attributes.get(key)
    return {"attribute": key, **_compared(texts, "", term.type if term else Type.TEXT)}


def _company(texts: Texts, words: Vocabulary) -> Json:
    key = texts.get("key", "")
    term = words.companies.get(key)
    found: Json = {"company": key, **_compared(texts, "", term.type if term else Type.TEXT)}
    if role := texts.get("role"):
        found["role"] = role
    return {**found, "member": False} if texts.get("member") == "not" else found


def _compared(texts: Texts, prefix: str, kind: Type) -> Json:
    def text(name: str) -> str:
        return texts.get(f"{prefix}{name}", "").strip()

    op = text("op")
    found: Json = {"op": op} if op else {}
    match SHAPES.get(Op(op)) if op in list(Op) else None:
        case Shape.NONE:
            return found
        case Shape.MANY:
            value: object = [_typed(one, kind) for one in _split(text("value"))]
        case Shape.PAIR:
            value = [_typed(text("low"), kind), _typed(text("high"), kind)]
        case Shape.DURATION:
            value = f"{text('amount')}{text('unit') or 'd'}"
        case _:
            value = _typed(text("value"), kind)
    return found if value == "" else {**found, "value": value}


def _typed(text: str, kind: Type) -> object:
    """Return the text as the JSON of its type; as it is if it cannot be that."""
    match kind:
        case Type.NUMBER | Type.MONEY:
            return _number(text)
        case Type.BOOLEAN:
            return {"true": True, "false": False}.get(text, text)
    return text


def _number(text: str) -> object:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text


def _split(text: str) -> list[str]:
    """Split at commas; a text with a comma stands in quotes."""
    try:
        row = next(csv.reader([re.sub(r"\s", " ", text)], skipinitialspace=True), [])
    except csv.Error:  # larger than anybody types
        row = [text]
    return [one.strip() for one in row if one.strip()]


def _event(texts: Texts) -> Json:
    found: Json = {"event": texts.get("name", "").strip(), "did": texts.get("did") != "not"}
    bounds = {
        texts[f"count{n}_op"]: _number(texts.get(f"count{n}", ""))
        for n in ("", "2")
        if texts.get(f"count{n}_op")
    }
    if bounds:
        found["count"] = bounds
    match texts.get("period"):
        case "within":
            found["within"] = f"{texts.get('amount', '').strip()}{texts.get('unit') or 'd'}"
        case "between":
            found["between"] = [texts.get("start", "").strip(), texts.get("end", "").strip()]
    lines = [_where(texts, f"where-{place}-") for place in where_places(texts)]
    return {**found, "where": lines} if lines else found


def where_places(texts: Texts) -> list[int]:
    """Return the numbers of an event's conditions on properties, in order."""
    return sorted({int(name.split("-")[1]) for name in texts if name.startswith("where-")})


def _where(texts: Texts, prefix: str) -> Json:
    kind = texts.get(f"{prefix}type", "")
    compared = _compared(texts, prefix, Type(kind) if kind in Type.values else Type.TEXT)
    return {"property": texts.get(f"{prefix}property", "").strip(), **compared}


def _consent(texts: Texts) -> Json:
    subject = {"channel": texts.get("channel", "email")}
    if topic := texts.get("topic", "").strip():
        subject["topic"] = topic
    return {"consent": subject, "status": texts.get("status", "subscribed")}


def _registered(kind: str, texts: Texts) -> Json:
    return {kind: "", **{name: _number(text.strip()) for name, text in texts.items() if text.strip()}}


def _any_json(text: str) -> object:
    if _is_deep(text):  # it would be read, and then fail wherever it is walked or written
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _is_deep(text: str) -> bool:
    depths = accumulate(1 if mark in "[{" else -1 for mark in re.findall(r"[\[{\]}]", text))
    return max(depths, default=0) > MAX_NESTED


# From JSON


def row_from_rule(rule: object) -> tuple[str, dict[str, str]]:
    """Return the kind and the texts of a condition; as text of JSON where there are no fields for it."""
    try:
        return _row(rule)
    except NoForm:
        return JSON, {"json": json.dumps(rule, ensure_ascii=False)}


def _row(rule: object) -> tuple[str, dict[str, str]]:  # a line per kind
    match rule:
        case {"attribute": str(key), **rest}:
            return "attribute", {"key": key, **_texts(rest)}
        case {"company": str(key), **rest}:
            return "company", {"key": key, **_company_texts(rest)}
        case {"event": str(name), **rest}:
            return "event", {"name": name, **_event_texts(rest)}
        case {"segment": int(pk), **rest} if not set(rest) - {"member"}:
            return "segment", {"id": str(pk), "member": "in" if rest.get("member", True) else "not"}
        case {"list": int(pk), **rest} if not set(rest) - {"member"}:
            return "list", {"id": str(pk), "member": "in" if rest.get("member", True) else "not"}
        case {"consent": {"channel": str(channel), **more}, "status": str(status)} if not set(more) - {
            "topic"
        }:
            return "consent", {"channel": channel, "topic": str(more.get("topic", "")), "status": status}
        case dict():
            return _registered_row(rule)
    raise NoForm


def _company_texts(rest: Rest) -> dict[str, str]:
    found = {"member": "in" if rest.get("member", True) else "not"}
    if role := rest.get("role"):
        found["role"] = _text(role)
    return found | _texts({name: value for name, value in rest.items() if name not in ("role", "member")})


def _registered_row(rule: Mapping[str, object]) -> tuple[str, dict[str, str]]:
    for kind in registry.kinds:
        if kind.key in rule:
            return kind.key, {name: _text(value) for name, value in rule.items()}
    raise NoForm


def _texts(rest: Rest) -> dict[str, str]:
    op, value = rest.get("op", ""), rest.get("value", "")
    if op not in list(Op) or set(rest) - {"op", "value"}:
        raise NoForm
    found = {"op": str(op)}
    match SHAPES[Op(str(op))], value:
        case Shape.NONE, "":
            return found
        case Shape.MANY, list():
            return {**found, "value": _joined([_text(one) for one in value])}
        case Shape.PAIR, [low, high]:
            return {**found, "low": _text(low), "high": _text(high)}
        case Shape.DURATION, str():
            return {**found, **_duration_texts(value)}
        case Shape.ONE, _:
            return {**found, "value": _text(value)}
    raise NoForm


def _text(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return json.dumps(value)
        case str() if value == value.strip() and not re.search(r"[\r\n]", value):
            return value  # a field would drop the rest, and the rule mean something else
    raise NoForm


def _joined(texts: list[str]) -> str:
    """Write a list as `_split` reads it."""
    return ", ".join(
        '"{}"'.format(text.replace('"', '""')) if re.search(r'[,"]|^\s|\s$', text) else text for text in texts
    )


def _duration_texts(text: str) -> dict[str, str]:
    found = _DURATION.fullmatch(text)
    if found is None:
        raise NoForm
    return {"amount": found[1], "unit": found[2]}


def _event_texts(rest: Rest) -> dict[str, str]:
    if set(rest) - {"did", "count", "within", "between", "where"}:
        raise NoForm
    found = {"did": "did" if rest.get("did", True) else "not", "period": "ever"}
    found |= _count_texts(rest.get("count", {}))
    match rest:
        case {"within": str(text)}:
            found |= {"period": "within", **_duration_texts(text)}
        case {"between": [str(start), str(end)]}:
            found |= {"period": "between", "start": start, "end": end}
        case {"within": _} | {"between": _}:
            raise NoForm
    where = rest.get("where", [])
    if not isinstance(where, list):
        raise NoForm
    for place, line in enumerate(where):
        found |= {f"where-{place}-{name}": text for name, text in _where_texts(line).items()}
    return found


def _count_texts(count: object) -> dict[str, str]:
    if not isinstance(count, dict) or len(count) > 2 or set(count) - set(COUNT_OPS):
        raise NoForm
    found: dict[str, str] = {}
    for n, (op, times) in zip(("", "2"), count.items(), strict=False):
        found |= {f"count{n}_op": op, f"count{n}": _text(times)}
    return found


def _where_texts(line: object) -> dict[str, str]:
    match line:
        case {"property": str(name), **rest}:
            value = rest.get("value")
            first = value[0] if isinstance(value, list) and value else value
            return {"property": name, "type": _type_of(str(rest.get("op")), first), **_texts(rest)}
    raise NoForm


def _type_of(op: str, value: object) -> str:
    match value:
        case bool():
            return Type.BOOLEAN
        case int() | float():
            return Type.NUMBER
    is_moment = op in (Op.BEFORE, Op.AFTER, Op.WITHIN_LAST, Op.WITHIN_NEXT, Op.OLDER_THAN, Op.BETWEEN)
    return Type.DATE if is_moment or op in (Op.GT, Op.GTE, Op.LT, Op.LTE) else Type.TEXT
