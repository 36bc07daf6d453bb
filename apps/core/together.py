"""Several small tables, read in one way to the database and back."""

import json
from typing import Any

from django.db import connection
from django.db.models import QuerySet


def read_together(*asked: QuerySet[Any, Any]) -> list[list[tuple[Any, ...]]]:
    """
    Return the rows of each `values_list`, in its order; all of them are asked in one statement.

    For what is small and always read together. Values are as JSON has them: dates and times are texts, arrays
    are lists. No two columns of one query have the same name.
    """
    compiled = [one.query.sql_with_params() for one in asked]
    columns = ", ".join(f"(SELECT json_agg(row)::text FROM ({text}) AS row)" for text, _params in compiled)  # noqa: S608  # Django's
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns}", [param for _text, params in compiled for param in params])
        found = cursor.fetchone()
    return [[tuple(row.values()) for row in json.loads(rows or "[]")] for rows in found]
