"""Tests whose point is that somebody waits."""

from contextlib import contextmanager

from django.db import connection


@contextmanager
def hasty():
    """Whoever waits for a lock within gives up soon, so that a test sees the wait and ends."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '300ms'")
        try:
            yield
        finally:
            cursor.execute("RESET lock_timeout")
