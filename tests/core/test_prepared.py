import psycopg
import pytest
from django.db import DataError, connection, transaction

from apps.core import prepared

pytestmark = pytest.mark.django_db
DOUBLE = "SELECT %s::int * 2"


def names():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT $1::int * 2'")
        return cursor.fetchone()[0]


def test_a_statement_is_planned_once_for_a_connection():
    assert prepared.execute(DOUBLE, [4]) == [(8,)]
    assert prepared.execute(DOUBLE, [5]) == [(10,)]

    assert names() == 1


def test_what_is_not_asked_for_is_never_prepared_however_often_it_comes():
    with connection.cursor() as cursor:
        for _each in range(20):
            cursor.execute("SELECT 1")
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT 1'")

        assert cursor.fetchone() == (0,)


def test_a_statement_is_counted_as_one_of_django_is(django_assert_num_queries):
    with django_assert_num_queries(1):
        prepared.execute(DOUBLE, [1])


def test_a_fault_is_one_of_django_and_what_its_rollback_forgot_is_prepared_again():
    prepared.execute(DOUBLE, [1])
    with pytest.raises(DataError), transaction.atomic():
        prepared.execute("SELECT 1 / %s::int", [0])

    assert prepared.execute(DOUBLE, [2]) == [(4,)]


@pytest.mark.django_db(transaction=True)
def test_the_first_of_a_request_makes_a_connection_that_was_lost_again():
    prepared.execute(DOUBLE, [1])
    lost = connection.connection.info.backend_pid
    given = connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}
    with psycopg.connect(**given, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [lost])

    assert prepared.execute_first(DOUBLE, [2]) == [(4,)]
    assert connection.connection.info.backend_pid != lost
