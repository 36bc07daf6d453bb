"""Monthly partitions of the tables that grow for ever. A partition is named `<table>_y2026m11`."""

from datetime import UTC, date, datetime

from django.db import connection, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def month_of(moment: datetime) -> date:
    """Return the first day of the month of `moment`, in UTC: partitions are cut in UTC."""
    return moment.astimezone(UTC).date().replace(day=1)


def month_after(month: date) -> date:
    return (month.replace(day=28) + (date(2000, 1, 5) - date(2000, 1, 1))).replace(day=1)


def month_partition_ensure(table: str, month: date) -> None:
    """
    Make the partition of `table` for `month`, if it is not there.

    Built beside and attached: unlike CREATE … PARTITION OF, attaching does not lock out readers and writers.
    """
    name = f"{table}_y{month.year:04}m{month.month:02}"
    if _is_table(name):
        return
    # Two workers may meet the first row of a month together; the lock holds to the end of the transaction.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [name])
        if _is_table(name):
            return
        cursor.execute(f"CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
        cursor.execute(
            f"ALTER TABLE {table} ATTACH PARTITION {name} "
            f"FOR VALUES FROM ('{month}') TO ('{month_after(month)}')"
        )


def _is_table(name: str) -> bool:
    # Not `to_regclass`: within a transaction it does not hear of tables that others have made meanwhile.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_class WHERE relname = %s "
            "AND relnamespace = current_schema()::regnamespace)",
            [name],
        )
        return bool(cursor.fetchone()[0])


def months_with_partition(table: str) -> list[date]:
    """Return the months that have a partition, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass ORDER BY 1",
            [table],
        )
        names = [name.rpartition("_y")[2] for (name,) in cursor.fetchall()]
    return [date(int(name[:4]), int(name[5:]), 1) for name in names]


def partitioned_tables() -> list[str]:
    """Return every table that is cut by month, whichever app it belongs to."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT partrelid::regclass::text FROM pg_partitioned_table ORDER BY 1")
        return [table for (table,) in cursor.fetchall()]


def table_partition(editor: BaseDatabaseSchemaEditor, table: str, *, by: str) -> None:
    """
    Turn the empty `table` that Django has made into one partitioned by the month of its column `by`.

    For a migration that follows the one that creates the model. The primary key becomes (`by`, id), since a
    partitioned table can be unique only together with what it is cut by; the indexes are made again. `id`
    gets a plain sequence: identity columns and partitions go together only from PostgreSQL 17 on.
    """
    with editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexdef FROM pg_indexes WHERE tablename = %s AND indexname NOT LIKE %s",
            [table, "%_pkey"],
        )
        indexes = [definition for (definition,) in cursor.fetchall()]
    editor.execute(f"ALTER TABLE {table} RENAME TO {table}_whole")
    editor.execute(f"CREATE SEQUENCE {table}_serial")
    editor.execute(f"CREATE TABLE {table} (LIKE {table}_whole INCLUDING DEFAULTS) PARTITION BY RANGE ({by})")
    editor.execute(f"ALTER TABLE {table} ALTER id SET DEFAULT nextval('{table}_serial')")
    editor.execute(f"ALTER SEQUENCE {table}_serial OWNED BY {table}.id")
    editor.execute(f"DROP TABLE {table}_whole")
    editor.execute(f"ALTER TABLE {table} ADD PRIMARY KEY ({by}, id)")
    for definition in indexes:
        editor.execute(definition)
