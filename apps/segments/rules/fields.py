"""
Conditions on one JSON value or column.

Written so that no stored value can make a statement fail, whatever a source has sent: numbers are compared by
JSON path, moments as text (their stored form sorts by time), and nothing is cast. An indexed attribute is
compared by the expression of its index instead, whose casts every stored value has passed already.
"""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from apps.contacts.attributes import INDEXED_TEXT, sql_expression
from apps.segments.rules.tree import AttributeIs, PropertyIs, Value
from apps.segments.rules.values import Duration, Moment, Op, Scalar, Type, day_end, day_start
from apps.segments.rules.vocabulary import Term

COMPARE = {Op.EQ: "=", Op.GT: ">", Op.GTE: ">=", Op.LT: "<", Op.LTE: "<="}
PATTERNS = {Op.CONTAINS: "%{}%", Op.STARTS_WITH: "{}%", Op.ENDS_WITH: "%{}"}
# Text of moments begins with a digit: what sorts outside of these is not one.
FIRST, BEYOND = "0", ":"


class Sql(NamedTuple):
    """A piece of SQL with its parameters, in order."""

    text: str
    params: tuple[Any, ...]


def attribute_condition(node: AttributeIs, contacts: str, *, now: datetime) -> Sql:
    """Return the condition on a row of `contacts`; it may be NULL where it does not hold."""
    term = node.term
    if term.column:
        column = Sql(f"NULLIF({contacts}.{term.column}, '')", ())
        lowered = Sql(f"lower({column.text})", ())
        return _presence(column, node.op) or _negatable(node.op, lambda op: _text(lowered, op, node.value))
    json_column = f"{contacts}.attributes"
    if term.is_indexed:
        expression = sql_expression(term.key, term.type, column=json_column)
        return _Indexed(json_column, term.key, expression).condition(term.type, node.op, node.value, now)
    return _Json(json_column, term.key).condition(term.type, node.op, node.value, now)


def attribute_between(term: Term, contacts: str, low: datetime, high: datetime) -> Sql:
    """Return that a date or time of a row lies from `low` to just before `high`; NULL where there is none."""
    json_column = f"{contacts}.attributes"
    value = _Json(json_column, term.key)
    if term.is_indexed:
        expression = sql_expression(term.key, term.type, column=json_column)
        value = _Indexed(json_column, term.key, expression)
    return value.moment(term.type, low, high)


def property_condition(node: PropertyIs, *, now: datetime) -> Sql:
    """Return the condition on a row of events; the type is told by the value."""
    first = node.value[0] if isinstance(node.value, tuple) else node.value
    kind = Type.TEXT
    if isinstance(first, bool):
        kind = Type.BOOLEAN
    elif isinstance(first, int | float):
        kind = Type.NUMBER
    elif isinstance(first, Moment | Duration):
        kind = Type.DATETIME
    return _Property("properties", node.name).condition(kind, node.op, node.value, now)


class _Json:
    """One key of a JSON column."""

    def __init__(self, column: str, key: str) -> None:
        self.column, self.key = column, key

    def condition(self, kind: Type, op: Op, value: Value, now: datetime) -> Sql:
        def asserted(op: Op) -> Sql:
            match kind:
                case Type.BOOLEAN:
                    return self.boolean(value is True)
                case Type.NUMBER | Type.MONEY:
                    return self.number(op, value)
                case Type.DATE | Type.DATETIME:
                    return self.moment(kind, *_period(kind, op, value, now))
                case Type.LIST:
                    return self.list_has(value if isinstance(value, tuple) else (value,))
            return self.words(op, value)

        return _presence(self.text, op) or _negatable(op, asserted)

    @property
    def text(self) -> Sql:
        return Sql(f"{self.column}->>%s", (self.key,))

    def words(self, op: Op, value: Value) -> Sql:
        # In lower case as an index has it: by the plain alphabet alone, İstanbul would not be istanbul.
        return _text(Sql(f"lower({self.column}->>%s)", (self.key,)), op, value)

    def boolean(self, value: bool) -> Sql:
        return Sql(f"{self.column}->>%s = %s", (self.key, str(value).lower()))

    def number(self, op: Op, value: Value) -> Sql:
        if op in (Op.EQ, Op.IN):
            wanted = value if isinstance(value, tuple) else (value,)
            numbers = [json.dumps(number) for number in wanted]
            return Sql(f"{self.column}->%s = ANY(%s::jsonb[])", (self.key, numbers))
        if isinstance(value, tuple):
            bounds = f"@ >= {json.dumps(value[0])} && @ <= {json.dumps(value[1])}"
        else:
            bounds = f"@ {COMPARE[op]} {json.dumps(value)}"
        path = f"strict $.{json.dumps(self.key, ensure_ascii=False)} ? ({bounds})"
        return Sql(f"{self.column} @? %s::jsonpath", (path,))

    def moment(self, kind: Type, start: datetime | None, end: datetime | None) -> Sql:
        here = Sql(f'({self.column}->>%s) COLLATE "C"', (self.key,))
        return _between(here, _written(kind, start), _written(kind, end))

    def list_has(self, items: tuple[Scalar | Duration | None, ...]) -> Sql:
        array = f"CASE jsonb_typeof({self.column}->%s) WHEN 'array' THEN {self.column}->%s END"
        wanted = ", ".join(["lower(%s)"] * len(items))
        found = f"FROM jsonb_array_elements_text({array}) AS item WHERE lower(item) IN ({wanted})"
        return Sql(f"EXISTS (SELECT {found})", (self.key, self.key, *items))


class _Property(_Json):
    """One property of an event. Nobody keeps watch over what sources send."""

    def moment(self, kind: Type, start: datetime | None, end: datetime | None) -> Sql:
        here = Sql(f'({self.column}->>%s) COLLATE "C"', (self.key,))
        return _between(here, self._bound(start) or FIRST, self._bound(end) or BEYOND)

    def _bound(self, moment: datetime | None) -> str:
        # A whole day as a date alone: it sorts before each of its hours, whichever way those are written.
        is_day = moment is not None and moment == day_start(moment.date())
        return _written(Type.DATE if is_day else Type.DATETIME, moment)


class _Indexed(_Json):
    """One attribute that has its expression index."""

    def __init__(self, column: str, key: str, expression: str) -> None:
        super().__init__(column, key)
        self.expression = Sql(expression, ())

    def words(self, op: Op, value: Value) -> Sql:
        wanted = value if isinstance(value, tuple) else (value,)
        # The index has the beginning of a text only, in lower case, which may be twice as long.
        is_long = any(len(str(one)) > INDEXED_TEXT // 2 for one in wanted)
        if is_long or op in (Op.CONTAINS, Op.ENDS_WITH):
            return super().words(op, value)
        return _text(self.expression, op, value)

    def boolean(self, value: bool) -> Sql:
        return Sql(f"{self.expression.text} = %s", (value,))

    def number(self, op: Op, value: Value) -> Sql:
        here = self.expression.text
        match value:
            case (low, high) if op == Op.BETWEEN:
                return Sql(f"{here} BETWEEN %s::numeric AND %s::numeric", (str(low), str(high)))
            case tuple():
                return Sql(f"{here} = ANY(%s::numeric[])", ([str(number) for number in value],))
        return Sql(f"{here} {COMPARE[op]} %s::numeric", (str(value),))

    def moment(self, kind: Type, start: datetime | None, end: datetime | None) -> Sql:
        return _between(self.expression, _written(kind, start).lower(), _written(kind, end).lower())

    def list_has(self, items: tuple[Scalar | Duration | None, ...]) -> Sql:
        has = f"{self.expression.text} @> lower(%s)::jsonb"
        wanted = tuple(json.dumps([item], ensure_ascii=False) for item in items)
        return Sql(f"({' OR '.join([has] * len(items))})", wanted)


def _written(kind: Type, moment: datetime | None) -> str:
    """Return a moment as `Contact.attributes` keeps it; empty if there is none."""
    if moment is None:
        return ""
    if kind == Type.DATE:
        return moment.date().isoformat()
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _between(value: Sql, low: str, high: str) -> Sql:
    """Compare with bounds of which one at least is not empty: from `low` to just before `high`."""
    bounds = [(">=", low), ("<", high)]
    found = [Sql(f"{value.text} {sign} %s", (*value.params, bound)) for sign, bound in bounds if bound]
    params = tuple(param for part in found for param in part.params)
    return Sql(" AND ".join(part.text for part in found), params)


def _presence(value: Sql, op: Op) -> Sql | None:
    match op:
        case Op.EXISTS:
            return Sql(f"{value.text} IS NOT NULL", value.params)
        case Op.MISSING:
            return Sql(f"{value.text} IS NULL", value.params)
    return None


def _negatable(op: Op, asserted: Callable[[Op], Sql]) -> Sql:
    """Build `ne` and `not_in` as what they deny, so that they hold for a missing value."""
    if op not in (Op.NE, Op.NOT_IN):
        return asserted(op)
    text, params = asserted(Op.EQ if op == Op.NE else Op.IN)
    return Sql(f"({text}) IS NOT TRUE", params)


def _text(lowered: Sql, op: Op, wanted: Value) -> Sql:
    """Compare without case; PostgreSQL lowers both sides, so that they are lowered alike."""
    here = lowered.text
    if op == Op.IN:
        assert isinstance(wanted, tuple)
        return Sql(f"{here} IN ({', '.join(['lower(%s)'] * len(wanted))})", (*lowered.params, *wanted))
    if op == Op.EQ:
        return Sql(f"{here} = lower(%s)", (*lowered.params, wanted))
    escaped = str(wanted).replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return Sql(f"{here} LIKE lower(%s)", (*lowered.params, PATTERNS[op].format(escaped)))


def _period(kind: Type, op: Op, value: Value, now: datetime) -> tuple[datetime | None, datetime | None]:
    """Return from when to just before when; None is open. A date stands for its whole day."""
    if isinstance(value, Duration):
        return _relative_period(kind, op, value, now)
    low, high = value if isinstance(value, tuple) else (value, value)
    assert isinstance(low, Moment)
    assert isinstance(high, Moment)
    match op:
        case Op.GT | Op.AFTER:
            return day_end(low), None
        case Op.GTE:
            return day_start(low), None
        case Op.LT | Op.BEFORE:
            return None, day_start(low)
        case Op.LTE:
            return None, day_end(low)
    return day_start(low), day_end(high)


def _relative_period(
    kind: Type, op: Op, span: Duration, now: datetime
) -> tuple[datetime | None, datetime | None]:
    here = now.date() if kind == Type.DATE else now
    past, future = span.before(now), span.after(now)
    if kind == Type.DATE:
        past, future = day_start(past.date()), day_start(future.date())
    match op:
        case Op.WITHIN_LAST:
            return past, day_end(here)
        case Op.WITHIN_NEXT:
            return day_start(here), day_end(future.date() if kind == Type.DATE else future)
    return None, past
