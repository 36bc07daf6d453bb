"""
Statements that PostgreSQL reads and plans once for each connection, and then only runs.

For those of one shape that a busy call makes hundreds of times a second: of these, planning takes as long as
running does. What is different each time (a rule, a filter) has nothing to gain. With `PREPARED_STATEMENTS`
off they are statements as all others.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import InterfaceError, OperationalError, connection

Params = Sequence[Any] | Mapping[str, Any]


class _Cursor(psycopg.Cursor[Any]):
    def execute(self, query: Any, params: Any = None, **_options: Any) -> "_Cursor":
        return super().execute(query, params, prepare=True)


def cursor() -> psycopg.Cursor[Any]:
    """
    Return a cursor for such statements within a pipeline.

    Django knows nothing of it: errors are Django's only within `connection.wrap_database_errors`.
    """
    connection.ensure_connection()
    return _Cursor(connection.connection)


def execute(statement: str, params: Params) -> list[tuple[Any, ...]]:
    """
    Run a statement, and return its rows. Arguments go by themselves: a cast says what an array is of.

    :raises django.db.Error: as a cursor of Django does
    """
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    as_django = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    with as_django(_Cursor(connection.connection)) as asked:  # type: ignore[arg-type]  # any cursor will do
        asked.execute(statement, params)
        return asked.fetchall() if asked.description else []


def execute_first(statement: str, params: Params) -> list[tuple[Any, ...]]:
    """
    Run the statement that a request begins with: it tells as well as one of Django's own whether a connection
    that was kept still stands. If not, it is run again on a new one, so it must be one that may come twice.
    """
    connection.health_check_done = True  # type: ignore[attr-defined]  # not in the stubs
    try:
        return execute(statement, params)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        connection.close()
        return execute(statement, params)
