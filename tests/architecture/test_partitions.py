"""Tables that grow for ever are kept by month."""

from datetime import date

import pytest
from django.db import connection

from apps.core import partitions

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("table", ["contacts_event", "messaging_deliveryevent"])
class TestMonthPartitionEnsure:
    def test_makes_a_month_once(self, table):
        partitions.month_partition_ensure(table, date(2031, 12, 1))
        partitions.month_partition_ensure(table, date(2031, 12, 1))

        assert date(2031, 12, 1) in partitions.months_with_partition(table)

    def test_gives_it_the_indexes_of_the_whole(self, table):
        partitions.month_partition_ensure(table, date(2031, 12, 1))

        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_indexes WHERE tablename = %s", [table])
            whole = cursor.fetchone()
            cursor.execute("SELECT count(*) FROM pg_indexes WHERE tablename = %s", [f"{table}_y2031m12"])
            assert cursor.fetchone() == whole != (1,)


def test_the_month_after_december_is_january():
    assert partitions.month_after(date(2031, 12, 1)) == date(2032, 1, 1)
