"""Several small tables, read in one way to the database and back."""

import json
from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.db.models import QuerySet


def read_together(asked: Mapping[str, QuerySet[Any, Any]]) -> dict[str, list[Any]]:
    """
    Return by name the rows of each query, in its order; all of them are asked in one statement.

    For what is small and always read together. Each query has one column, an object (`JSONObject`), and
    values are as JSON has them: dates and times are texts.
    """
    compiled = [one.query.sql_with_params() for one in asked.values()]
    columns = ", ".join(f"ARRAY({text})" for text, _params in compiled)  # Django's own
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns}", [param for _text, params in compiled for param in params])
        found = cursor.fetchone()
    return {name: [json.loads(row) for row in rows] for name, rows in zip(asked, found, strict=True)}
