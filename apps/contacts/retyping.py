"""
Values of an attribute that gets another type: read anew, as if they had just come as text.

Works in sets by distinct value, for many contacts have the same one; merged and erased rows are read too,
since a merge that is undone brings its row back.
"""

from dataclasses import dataclass

import orjson
from django.db import connection

from apps.contacts.attributes import TABLES
from apps.contacts.models import Attribute
from apps.contacts.values import AttributeInvalid, Value, value_parse, value_to_text

MOST_DISTINCT = 50_000
SHOWN = 3


@dataclass(frozen=True)
class Retyping:
    """
    What became of the values under another type. `rows` have one at all, `converted` are those distinct
    values that are written differently from then on, with what they become. `misfits` cannot be read; `told`
    says why of the first. `is_too_much`: there are more distinct values than are looked at.
    """

    rows: int
    converted: list[tuple[object, Value]]
    misfits: list[object]
    told: list[str]
    is_too_much: bool = False


def retyping_plan(attribute: Attribute) -> Retyping:
    """Read all values of the attribute by the type that it has here, saved or not; writes nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (attributes->%s)::text, count(*) "  # noqa: S608  # one of two tables
            f"FROM {TABLES[attribute.applies_to]} WHERE attributes ? %s "
            "GROUP BY 1 ORDER BY 2 DESC LIMIT %s",
            [attribute.key, attribute.key, MOST_DISTINCT + 1],
        )
        found = [(orjson.loads(text), count) for text, count in cursor.fetchall()]
    plan = Retyping(sum(count for _raw, count in found), [], [], [], len(found) > MOST_DISTINCT)
    for raw, _count in found:
        try:
            value = value_parse(attribute.type, value_to_text(raw), choices=attribute.choices)
        except AttributeInvalid as misfit:
            plan.misfits.append(raw)
            plan.told.append(str(misfit))
            continue
        if value is not None and orjson.dumps(value) != orjson.dumps(raw):
            plan.converted.append((raw, value))
    return plan


def values_retype(attribute: Attribute, plan: Retyping) -> None:
    """Write what the plan says; values that do not fit are taken away."""
    told = [(orjson.dumps(raw).decode(), orjson.dumps(value).decode()) for raw, value in plan.converted]
    table = TABLES[attribute.applies_to]
    with connection.cursor() as cursor:
        if told:
            cursor.execute(
                f"UPDATE {table} AS it "  # noqa: S608  # one of two tables
                "SET attributes = jsonb_set(it.attributes, ARRAY[%s], t.new::jsonb), updated_at = now() "
                "FROM unnest(%s::text[], %s::text[]) AS t(old, new) "
                "WHERE it.attributes ? %s AND it.attributes->%s = t.old::jsonb",
                [
                    attribute.key,
                    [old for old, _new in told],
                    [new for _old, new in told],
                    attribute.key,
                    attribute.key,
                ],
            )
        if plan.misfits:
            cursor.execute(
                f"UPDATE {table} SET attributes = attributes - %s, updated_at = now() "  # noqa: S608
                "WHERE attributes ? %s AND attributes->%s = ANY(%s::jsonb[])",
                [
                    attribute.key,
                    attribute.key,
                    attribute.key,
                    [orjson.dumps(raw).decode() for raw in plan.misfits],
                ],
            )
