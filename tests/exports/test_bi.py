"""The views for tools of business intelligence, seen by a user who has the role and nothing else."""

from contextlib import closing

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from apps.exports import bi
from tests.factories.contacts import AttributeFactory, ContactFactory

# Roles are the whole cluster's: one worker at a time.
pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("bi")]


@pytest.fixture
def tool(monkeypatch):
    """A connection of its own, as a user who was made for a tool and has the role."""
    ours = connection.copy()
    parameters = connection.get_connection_params()
    address = {name: parameters[name] for name in ("host", "port", "dbname") if name in parameters}
    user = f"tool_of_{address['dbname']}"  # one of this database only: others are tested beside it
    with closing(ours), monkeypatch.context() as patch, ours.cursor() as admin:
        patch.setattr(bi, "connection", ours)
        bi.role_make()
        admin.execute(f"DROP USER IF EXISTS {user}")
        admin.execute(f"CREATE USER {user} PASSWORD 'only-for-tests' IN ROLE {bi.ROLE}")
        try:
            with psycopg.connect(user=user, password="only-for-tests", autocommit=True, **address) as it:
                yield it
        finally:
            admin.execute(f"DROP USER {user}")


NOT_ALLOWED = (psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectNotInPrerequisiteState)


def test_a_tool_reads_every_view_and_nothing_else(tool):
    for name in bi.VIEWS:
        assert tool.execute(f"SELECT count(*) FROM {name}").fetchone() == (0,)
    reads = tool.execute(
        "SELECT c.relname FROM pg_class AS c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') "
        "AND c.relnamespace = 'public'::regnamespace AND CASE WHEN c.relkind = 'S' "
        "THEN has_sequence_privilege(c.oid, 'usage, select, update') "
        "ELSE has_table_privilege(c.oid, 'select') END"
    ).fetchall()
    assert {name for (name,) in reads} == set(bi.VIEWS)


def test_a_tool_writes_nothing(tool):
    for name in bi.VIEWS:
        with pytest.raises(NOT_ALLOWED):
            tool.execute(f"DELETE FROM {name}")
    for statement in (
        "SELECT * FROM contacts_suppression",
        "SELECT * FROM accounts_user",
        "UPDATE bi_contacts SET email = 'x'",
        "INSERT INTO contacts_topic DEFAULT VALUES",
        "CREATE TABLE mine (id int)",
        "CREATE TEMPORARY TABLE mine (id int)",
        "SELECT lo_create(0)",
        "DROP VIEW bi_contacts",
        f"ALTER ROLE {bi.ROLE} SUPERUSER",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            tool.execute(statement)


def test_people_who_are_gone_and_sensitive_attributes_are_in_no_view(noon):
    AttributeFactory(key="illness", sensitivity="sensitive")
    ContactFactory(email="ann@example.com", attributes={"city": "Bonn", "illness": "secret"})
    ContactFactory(email="gone@example.com", erased_at=noon)
    bi.role_make()

    with connection.cursor() as cursor:
        cursor.execute("SELECT email, attributes FROM bi_contacts")
        assert cursor.fetchall() == [("ann@example.com", '{"city": "Bonn"}')]
        cursor.execute("SELECT value FROM bi_identities")
        assert cursor.fetchall() == [("ann@example.com",)]
        cursor.execute("SELECT count(*) FROM bi_consents")
        assert cursor.fetchone() == (1,)


def test_views_make_way_for_a_migration_and_come_back_with_the_rights_to_read_them():
    bi.role_make()

    bi.before_migrate(plan=["a migration"])
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE contacts_contact ALTER COLUMN email TYPE varchar(300)")
    bi.after_migrate()

    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege(%s, 'bi_contacts', 'select')", [bi.ROLE])
        assert cursor.fetchone() == (True,)


def test_who_may_not_make_roles_is_told_what_to_ask_for(monkeypatch):
    monkeypatch.setattr(bi, "role_is_there", lambda: False)
    monkeypatch.setattr(bi, "_may_make_roles", lambda: False)

    with pytest.raises(Exception, match="CREATE ROLE bookend_bi NOLOGIN"):
        call_command("bi_role")
