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
    # What stands within is Django's own.
    columns = [f"(SELECT json_agg(one)::text FROM ({text}) AS one)" for text, _params in compiled]  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(columns)}", [param for _text, params in compiled for param in params]
        )
        found = cursor.fetchone()
    return [[tuple(row.values()) for row in json.loads(rows or "[]")] for rows in found]
