"""What a test that commits leaves behind is deleted where it was written."""

from django.db import connection, transaction
from django.test import TransactionTestCase

KEPT = {"auth_permission", "django_content_type"}  # as `migrate` made them: no test writes there
LARGE = 1 << 20

django_teardown = TransactionTestCase._fixture_teardown


def tables_empty(case: TransactionTestCase) -> None:
    """
    Empty the tables, as Django's own way does that truncates each of them and makes all permissions anew.

    That takes a second or more, for what is mostly a few rows in a dozen tables. It is still right where
    tables have grown, which only truncating makes small again, and where the user of the database may not put
    triggers and foreign keys aside.
    """
    tables = sorted({*connection.introspection.django_table_names()} - KEPT)
    with transaction.atomic(), connection.cursor() as cursor:
        # As truncating does: nobody who is in the middle of something leaves rows to the next test.
        cursor.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
        cursor.execute(
            "SELECT max(pg_relation_size(oid)) < %s AND current_setting('is_superuser') = 'on' "
            "FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace",
            [LARGE],
        )
        is_light = cursor.fetchone()[0]
        if is_light:
            found = (f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in tables)
            cursor.execute(" UNION ALL ".join(found))
            written = [table for (table,) in cursor.fetchall()]
            cursor.execute("SET LOCAL session_replication_role = replica")  # no triggers, no foreign keys
            for table in written:
                cursor.execute(f"DELETE FROM {table}")
            cursor.execute("SET LOCAL session_replication_role = origin")
    if not is_light:
        django_teardown(case)
