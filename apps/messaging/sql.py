"""Hand-written statements with what Django compiles inside them."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection
from django.db.models import QuerySet


def run(statement: str, params: Mapping[str, Any]) -> int:
    """Run a statement with `%(name)s` parameters; return how many rows it wrote."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return int(cursor.rowcount)


def rows(statement: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def array(values: Iterable[object]) -> str:
    """Spell an array of numbers, truths or plain words, in little of the driver's time."""
    return "{" + ",".join(map(str, values)) + "}"


def text_array(values: Iterable[str]) -> str:
    """Spell an array of any texts."""
    quoted = [value.replace("\\", "\\\\").replace('"', '\\"') for value in values]
    return '{"' + '","'.join(quoted) + '"}' if quoted else "{}"


def compiled(queryset: QuerySet[Any, Any]) -> str:
    """Return the query as text, values quoted by the driver, fit to stand in a statement with parameters."""
    compose = connection.ops.compose_sql  # type: ignore[attr-defined]  # PostgreSQL's own
    text: str = compose(*queryset.query.sql_with_params())
    return text.replace("%", "%%")
