"""Somebody who types on must not leave queries behind: they are ended in PostgreSQL."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection

from apps.segments import live
from tests.databases import elsewhere

SECOND = timedelta(seconds=1)


def sleep_as(editor, limit=30 * SECOND):
    """Wait inside of PostgreSQL as this editor, and return how that ended."""
    try:
        with live.replaceable(editor, limit=limit), connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(20)")
    except (live.Replaced, live.TookTooLong) as end:
        return type(end)
    finally:
        connection.close()
    return None


def active():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = 'SELECT pg_sleep(20)' "
            "AND datname = current_database()"
        )
        return cursor.fetchone()[0]


def wait_until(n):
    deadline = time.monotonic() + 10
    while active() != n:
        assert time.monotonic() < deadline, "PostgreSQL was never there"
        time.sleep(0.01)


@pytest.mark.django_db(transaction=True)
class TestReplaceable:
    def test_a_newer_question_ends_the_older_one_in_postgresql(self):
        with ThreadPoolExecutor() as pool:
            older = pool.submit(sleep_as, "ann")
            wait_until(1)

            with live.replaceable("ann", limit=SECOND):
                wait_until(0)

            assert older.result(timeout=5) is live.Replaced

    def test_nobody_elses(self):
        with ThreadPoolExecutor() as pool:
            other = pool.submit(sleep_as, "bob")
            wait_until(1)

            with live.replaceable("ann", limit=SECOND):
                assert active() == 1

            assert live.editor_cancel("bob") == 1
            assert other.result(timeout=5) is live.Replaced

    def test_nobody_of_another_database(self):
        with ThreadPoolExecutor() as pool:
            other = pool.submit(sleep_as, "ann")
            wait_until(1)
            with elsewhere():
                assert live.editor_cancel("ann") == 0

            assert live.editor_cancel("ann") == 1
            assert other.result(timeout=5) is live.Replaced

    def test_ends_by_itself_when_its_time_is_over(self):
        assert sleep_as("ann", limit=SECOND / 20) is live.TookTooLong


@pytest.mark.django_db
def test_settings_are_as_before_afterwards():
    def settings():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('statement_timeout'), current_setting('jit'), "
                "current_setting('application_name')"
            )
            return cursor.fetchone()

    before = settings()
    with live.replaceable("ann", limit=SECOND):
        assert settings() != before

    assert settings() == before


@pytest.mark.django_db
def test_another_fault_of_the_database_is_not_taken_for_a_time_out():
    with (
        pytest.raises(DatabaseError, match="division by zero"),
        live.replaceable("ann", limit=SECOND),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT 1 / 0")
